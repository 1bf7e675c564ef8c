// The theme follows the system until the reader chooses one. Storage may be forbidden for files.
const stored = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
  set: (value) => { try { localStorage.setItem("theme", value); } catch { /* the choice holds for this page */ } } };
const redrawn = new EventTarget();
const choose = (theme) => {
  document.documentElement.dataset.theme = theme;
  redrawn.dispatchEvent(new Event("theme"));
};
for (const radio of document.querySelectorAll('.theme input')) {
  radio.checked = radio.value === (stored.get() || "auto");
  radio.addEventListener("change", () => { stored.set(radio.value); choose(radio.value); });
}
document.documentElement.dataset.theme = stored.get() || "auto";
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redrawn.dispatchEvent(new Event("theme")));

// The colour of a role in the present theme. light-dark() is resolved only where a colour is used.
const probe = document.body.appendChild(make("span", { hidden: "" }));
const colour = (role) => { probe.style.color = `var(--${role})`; return getComputedStyle(probe).color; };
const coloured = (text) => text.replace(/var\(--([\w-]+)\)/g, (_, role) => colour(role));
