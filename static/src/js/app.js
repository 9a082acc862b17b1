/* What every page has. Page scripts import the parts they need from the same files. */
import htmx from "htmx.org/dist/htmx.esm.js";
import "./shell.js";
import "./dialog.js";
import "./network.js";
import "./shortcuts.js";
import "./search.js";
import "./drafts.js"; // before the pickers, which dress what a draft has filled in
import "./unsent.js";
import "./pickers.js";
import "./scale.js";
import "./moments.js";
import "./files.js";
import "./signed-out.js";
import "./copy.js";
import "./print.js";
import { closeDialog, openDialog } from "./dialog.js";
import { toast, undo } from "./toast.js";

window.htmx = htmx;
window.ascent = { toast, undo, openDialog, closeDialog };
