/* A choice that searches as one types. The URL answers ?q=… with {"results": [{"value", "text", "hint"}]}.
   data-create="yes" lets a name that isn't there be typed: the field's value is then the name itself. */
import TomSelect from "tom-select/base";
import clearButton from "tom-select/dist/esm/plugins/clear_button/plugin.js";
import { text } from "./strings.js";

TomSelect.define("clear_button", clearButton);

async function find(url, query) {
  const address = new URL(url, location.href);
  address.searchParams.set("q", query);
  const answer = await fetch(address, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.json()).results;
}

const row = (item, escape) =>
  `<div>${escape(item.text)}${item.hint ? `<span class="hint">${escape(item.hint)}</span>` : ""}</div>`;

const render = {
  option: row,
  item: row,
  loading: () => `<div class="spinner" role="option" aria-disabled="true">${text("searching")}</div>`,
  no_results: () => `<div class="no-results" role="option" aria-disabled="true">${text("nothing_found")}</div>`,
  option_create: (item, escape) => `<div class="create">${text("create_named", { name: escape(item.input) })}</div>`,
};

/* With keys Backspace does it. */
const clearing = ({ className }) =>
  `<div class="${className}" role="button" tabindex="-1" title="${text("clear")}" aria-label="${text("clear")}">&times;</div>`;

/** Turns one <select data-picker> into a search box. */
export function picker(field) {
  const required = field.required;
  field.setAttribute("aria-hidden", "true"); // its label goes over to the search box
  return new TomSelect(field, {
    valueField: "value",
    labelField: "text",
    searchField: [], // the server has searched already (pinyin initials, aliases): show all that it found
    maxOptions: 50,
    preload: "focus",
    create: field.dataset.create === "yes",
    createFilter(input) {
      return this.answered === input.trim(); // not before it is known that no such row is there
    },
    persist: false,
    closeAfterSelect: !field.multiple || Boolean(field.closest(".asc-filter")), // its button stands below
    plugins: required ? {} : { clear_button: { html: clearing } },
    render,
    load(query, done) {
      this.clearActiveOption(); // or the box goes on pointing at an option that is gone
      this.clearOptions((option) => this.items.includes(String(option.value)));
      const answer = (rows) => {
        this.answered = query.trim();
        done(rows);
      };
      find(field.dataset.picker, query).then(answer, () => answer());
    },
    shouldLoad: () => true,
  });
}
