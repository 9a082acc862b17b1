/* The table: editing in cells, choosing rows. */
import "./inline-edit.js";
import "./pick.js";
import "./views.js";
