// What the pages need beyond htmx: bodies as JSON, messages, and menus that follow the width.
"use strict";

// A form's fields with the types of its controls: the API takes JSON. A control without a name, or disabled, is not sent.
const typed = (form, entries) => {
  const whole = {};
  const rows = new Map();
  for (const control of form instanceof HTMLFormElement ? form.elements : []) {
    if (!control.name || control.disabled || control.name === "csrf_token" || control.dataset.path !== undefined) continue;
    // A control of a row of a list belongs to that row.
    const row = control.closest("[data-row]");
    if (row && !rows.has(row)) rows.set(row, {});
    const body = row ? rows.get(row) : whole;
    // What means nothing without another control, is nothing when that one is empty.
    const partner = control.dataset.with && form.elements[control.dataset.with];
    const value = partner && partner.value === "" ? "" : control.value.trim();
    if (control.type === "checkbox" && control.dataset.list !== undefined) {
      body[control.name] ??= [];
      if (control.checked) body[control.name].push(value);
    } else if (control.type === "checkbox") body[control.name] = control.checked;
    else if (control.type === "radio") { if (control.checked) body[control.name] = value; }
    // The API counts money in cents, people in dollars.
    else if (control.dataset.cents !== undefined) body[control.name] = value === "" ? null : Math.round(Number(value) * 100);
    else if (control.type === "number") body[control.name] = value === "" ? null : Number(value);
    // A time goes as it stands: the server reads it in the company's zone. One that nobody changed stays the exact instant.
    else if (control.type === "datetime-local") {
      const isUntouched = control.dataset.instant && value === control.defaultValue;
      body[control.name] = value === "" ? null : isUntouched ? control.dataset.instant : value;
    }
    else if (control.multiple) body[control.name] = Array.from(control.selectedOptions, (option) => option.value);
    // A text of several lines that stands for a list, or one that is JSON.
    else if (control.dataset.lines !== undefined) body[control.name] = value.split("\n").map((line) => line.trim()).filter(Boolean);
    else if (control.dataset.json !== undefined) body[control.name] = value === "" ? null : JSON.parse(value);
    else if (control.type !== "submit" && control.type !== "button") body[control.name] = value === "" ? null : value;
  }
  // A row whose decisive control is empty is none.
  for (const [row, body] of rows) {
    whole[row.dataset.row] ??= [];
    if (body[row.dataset.unless] !== null) whole[row.dataset.row].push(body);
  }
  // What hx-vals adds.
  const own = (name) => form instanceof HTMLFormElement && name in form.elements;
  for (const [name, value] of entries) if (!(name in whole) && !own(name)) whole[name] = value;
  return whole;
};

// Controls named "a.b" become {a: {b}}; an object whose parts are all empty becomes null.
const nested = (flat) => {
  const body = {};
  for (const [name, value] of Object.entries(flat)) {
    const [outer, inner] = name.split(".");
    if (inner === undefined) body[outer] = value;
    else (body[outer] ??= {})[inner] = value;
  }
  for (const [name, value] of Object.entries(body)) {
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isObject && Object.values(value).every((part) => part === null)) body[name] = null;
  }
  return body;
};

htmx.defineExtension("json", {
  onEvent: (name, event) => {
    if (name !== "htmx:configRequest") return;
    event.detail.headers["Content-Type"] = "application/json";
    // A control with data-path is a part of the address: "/api/staff/{key}".
    const form = event.detail.elt.closest("form");
    event.detail.path = event.detail.path.replace(/\{(\w+)\}/g, (_, part) => encodeURIComponent(form.elements[part].value.trim()));
  },
  encodeParameters: (xhr, parameters, element) => {
    xhr.overrideMimeType("text/json");
    const entries = parameters instanceof FormData ? [...parameters.entries()] : Object.entries(parameters);
    return JSON.stringify(nested(typed(element.closest("form"), entries)));
  },
});

// `location`: where what is said can be seen.
const say = (text, kind, location) => {
  const toast = document.createElement("p");
  toast.className = `toast ${kind}`;
  toast.textContent = text;
  if (location?.startsWith("/")) {
    const link = document.createElement("a");
    link.href = location;
    link.textContent = document.body.dataset.open;
    toast.append(" ", link);
  }
  if (kind === "error") toast.setAttribute("role", "alert");
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), kind === "error" ? 12000 : 4000);
};

const isChange = (event) => event.detail.requestConfig?.verb && event.detail.requestConfig.verb !== "get";

// The sentence of an answer, which is French: old clients show it.
const told = ({ message }) => typeof message === "string" && document.documentElement.lang === "fr" ? message : undefined;

// A page that is left is not read again.
document.addEventListener("changed", (event) => { if (event.target.dataset?.next) event.stopPropagation(); }, true);

// The API's answers are JSON: nothing of them is put into the page, their sentences are said.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.getResponseHeader("content-type")?.includes("json")) event.detail.shouldSwap = false;
});
// A part that could not be read again stays, marked as old; that is said once, until it works again.
const refreshed = (elt, successful) => {
  if (!successful && !document.querySelector(".stale")) say(document.body.dataset.stale, "error");
  elt.classList.toggle("stale", !successful);
};
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, elt, successful } = event.detail;
  if (!isChange(event)) return refreshed(elt, successful);
  let answer = {};
  try { answer = JSON.parse(xhr.responseText); } catch { /* no body */ }
  if (!successful) {
    // Somebody else was faster, or what failed left something to see: the page shows what is.
    if (xhr.status === 409 || elt.dataset.refresh !== undefined) htmx.trigger(document.body, "changed");
    return say(answer.detail ?? told(answer) ?? elt.dataset.failed ?? document.body.dataset.failed, "error", answer.location);
  }
  const { done, requested } = document.body.dataset;
  const said = elt.dataset.done ?? told(answer) ?? (xhr.status === 202 ? requested : done);
  say(said, "success", answer.location);
  elt.closest("dialog")?.close();
  if (elt.dataset.next) location.assign(elt.dataset.next);
  // The field of the answer that names where to go on: a new run, another service's page.
  if (answer[elt.dataset.follow]) location.assign(answer[elt.dataset.follow]);
});

// A button that opens the dialog it names, and those that close theirs.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});

// The dialog of a change is closed before what the change brings about is read again.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (isChange(event) && event.detail.xhr.status < 400) event.detail.elt.closest("dialog")?.close();
});
// A part of which somebody has a dialog open is not replaced under their hands.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isChange(event) && event.detail.elt.querySelector("dialog[open]")) event.preventDefault();
});

// On a wide screen the menu is always open.
const wide = matchMedia("(min-width: 60rem)");
const follow = () => document.querySelectorAll("details.menu").forEach((menu) => { menu.open = wide.matches; });
wide.addEventListener("change", follow);
follow();
