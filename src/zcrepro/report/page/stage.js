// The state of all controls stands in the address, behind the section: #explore?scatter.proxy=snip
const place = () => location.hash.slice(1).split("?");
const state = new URLSearchParams(place()[1] || "");
const remember = (key, value, normal = "") => {
  if (value === normal) state.delete(key); else state.set(key, value);
  const [name] = key.split(".");
  const at = document.getElementById(`figure-${name}`) || document.querySelector(`.table[data-name="${name}"]`);
  const query = state.toString();
  history.replaceState(null, "", `#${at?.id || place()[0]}${query ? "?" + query : ""}`);
};

// A heading of a section is a link to it.
for (const heading of document.querySelectorAll("main h2")) {
  const link = make("a", { class: "anchor", href: `#${heading.id || heading.parentElement.id}` });
  link.append(...heading.childNodes);
  heading.append(link);
}

// Mark the section in view, and keep the controls in the address when the reader goes to another.
const links = [...document.querySelectorAll(".rail nav a")];
const sections = links.map((link) => document.querySelector(link.hash));
const mark = () => {
  const current = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3).at(-1) || sections[0];
  links.forEach((link, number) => {
    if (sections[number] === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  });
};
addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
mark();
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link) return;
  event.preventDefault();
  const id = link.getAttribute("href").slice(1);
  const query = state.toString();
  history.pushState(null, "", `#${id}${query ? "?" + query : ""}`);
  const nav = document.getElementById("contents");
  if (nav.matches(":popover-open")) nav.hidePopover();
  const target = document.getElementById(id);
  target.scrollIntoView();
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
});
// An address that is pasted into an open page, or gone back to, may hold other choices, which are applied when a page loads.
addEventListener("popstate", () => {
  const query = new URLSearchParams(place()[1] || "").toString();
  if (query === state.toString()) document.getElementById(place()[0])?.scrollIntoView(); else location.reload();
});
