"use strict";
// What makes the pages quicker to use; without it they work by links and forms.

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const form = one("#answer");

// Keys can be switched off: some people dictate, or have a cat.
const KEYS = "keys";
const keysAreOn = () => {
  try { return localStorage.getItem(KEYS) !== "off"; } catch { return true; }
};
const setKeys = (on) => {
  try { localStorage.setItem(KEYS, on ? "on" : "off"); } catch { /* for this page alone */ }
};

const say = (words) => {
  const status = one("#status");
  if (!status) return;
  status.textContent = "";
  setTimeout(() => { status.textContent = words; }, 50);
};

const complain = (words) => {
  const problem = one("#problem");
  problem.textContent = "";
  problem.textContent = words;
};

// How long the item was to be seen, by a clock that only runs forward.
let seen = 0;
let since = document.hidden ? null : performance.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden && since !== null) { seen += performance.now() - since; since = null; }
  if (!document.hidden && since === null) since = performance.now();
});
const seconds = () => (seen + (since === null ? 0 : performance.now() - since)) / 1000;

const pressed = (input) => {
  input.checked = true;
  input.focus({ preventScroll: true });
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

// What is still missing, and where; the server asks for the same.
const missing = () => {
  const value = (name) => one(`input[name="${name}"]:checked`, form)?.value;
  const first = (name) => one(`input[name="${name}"]`, form);
  if (!value("consistent")) return ["Say first whether it is one concept.", first("consistent")];
  if (value("consistent") === "yes") {
    if (!value("kind")) return ["Say which kind of concept it is.", first("kind")];
    if (value("kind") === "part" && !one("#name").value.trim()) return ["Give the part's name.", one("#name")];
  }
  if (!value("sure")) return ["Say how sure you are.", first("sure")];
  return null;
};

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Posts a form until the server has it; its key makes a retry no second answer.
const post = async (sent) => {
  const buttons = all("button", form);
  for (const button of buttons) button.disabled = true;
  const body = new URLSearchParams(new FormData(sent));
  for (let pause = 1; ; pause = Math.min(2 * pause, 15)) {
    let response = null;
    try {
      response = await fetch(sent.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch { /* no connection */ }
    if (response && response.status < 500) {
      const answer = await response.json().catch(() => ({}));
      if (response.ok) { location.replace(answer.next); return; }
      complain(answer.problem || "That did not work. Load the page again.");
      break;
    }
    complain("Not saved yet: the study cannot be reached. It is tried again by itself; keep this page open.");
    await wait(1000 * pause);
  }
  for (const button of buttons) button.disabled = false;
};

const submit = () => {
  const lacking = missing();
  if (lacking) {
    complain(lacking[0]);
    lacking[1].focus();
    return;
  }
  complain("");
  one('[name="seconds"]', form).value = seconds().toFixed(2);
  post(form);
};

// Pictures: highlight on or off, and large.
let highlighted = true;
let shown = 0;
const crops = all(".crop");
const source = (crop) => (highlighted ? crop.dataset.highlighted : crop.dataset.plain);

const toggle = () => {
  highlighted = !highlighted;
  for (const crop of crops) one("img", crop).src = source(crop);
  one("#toggle").setAttribute("aria-pressed", String(highlighted));
  if (one("#zoom").open) show(shown);
  say(highlighted ? "Highlight on" : "Highlight off");
};

const show = (index) => {
  shown = (index + crops.length) % crops.length;
  one("#large").src = source(crops[shown]);
  one("#large").alt = `Picture ${shown + 1}${highlighted ? ", highlighted" : ""}`;
  one("#zoomed").textContent = `Picture ${shown + 1} of ${crops.length}`;
  if (!one("#zoom").open) one("#zoom").showModal();
};

const press = (key) => {
  const undo = one("#undo");
  const zoom = one("#zoom");
  if (zoom.open) {
    const steps = { arrowleft: () => show(shown - 1), arrowright: () => show(shown + 1), t: toggle, z: () => zoom.close() };
    steps[key]?.();
    return key in steps;
  }
  if (one("#keys").open) return false;
  const input = one(`input[data-key="${CSS.escape(key)}"]`);
  if (input) {
    if (input.name === "kind" && !one('input[name="consistent"][value="yes"]').checked) return false;
    pressed(input);
    return true;
  }
  const actions = {
    "/": () => one("#name").offsetParent && one("#name").focus(),
    "?": () => one("#keys").showModal(),
    enter: submit,
    t: toggle,
    z: () => show(0),
    u: () => undo && post(undo),
    p: () => one("#pause").click(),
    i: () => one("#instructions").click(),
  };
  actions[key]?.();
  return key in actions;
};

if (form) {
  for (const element of all(".scripted")) element.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); if (!one("#next").disabled) submit(); });
  one("#undo")?.addEventListener("submit", (event) => { event.preventDefault(); post(event.target); });
  one("#toggle").addEventListener("click", toggle);
  one("#help").addEventListener("click", () => one("#keys").showModal());
  crops.forEach((crop, index) => crop.addEventListener("click", () => show(index)));
  one("#before").addEventListener("click", () => show(shown - 1));
  one("#after").addEventListener("click", () => show(shown + 1));
  one("#close").addEventListener("click", () => one("#zoom").close());
  one("#zoom").addEventListener("click", (event) => { if (event.target === one("#zoom")) one("#zoom").close(); });
  one("#use-keys").checked = keysAreOn();
  one("#use-keys").addEventListener("change", (event) => setKeys(event.target.checked));
  one("#name").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.target.blur(); event.preventDefault(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    const typing = event.target.matches('input[type="text"]');
    const key = event.key.toLowerCase();
    if (typing || !keysAreOn()) return;
    if (key === "enter" && event.target.matches("a, button, summary, [type=checkbox]")) return;
    if (one("#next").disabled) return;
    if (press(key)) event.preventDefault();
  });
  addEventListener("load", () => {
    one("#where").focus({ preventScroll: true });
    const { connection } = navigator; // not where data are saved
    if (!connection?.saveData) setTimeout(() => crops.forEach((crop) => { new Image().src = crop.dataset.plain; }), 300);
  });
} else {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches("a, button, input")) return;
    if (keysAreOn()) one(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
  });
}
