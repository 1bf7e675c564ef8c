// Return the value that an element of the page holds packed.
const unpacked = async (element) => {
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
};

// Offer a file for download.
const download = (name, content, type) => {
  const link = document.createElement("a");
  link.download = name;
  link.href = content instanceof Blob || typeof content !== "string" || !content.startsWith("data:")
    ? URL.createObjectURL(new Blob([content], { type })) : content;
  link.click();
};

// Make an element with attributes and children; texts are never read as HTML.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
