// Code shared by all pages. Text from a package or a project only ever becomes textContent.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);

const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

// Decimal units, rounded as on the command line.
function bytes(n) {
  if (n < 1000) return n + " B";
  const units = ["kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 999950 && unit < units.length - 1) { n = Math.floor(n / 1000); unit++; }
  const tenths = Math.floor((n + 50) / 100);
  return Math.floor(tenths / 10) + "." + tenths % 10 + " " + units[unit];
}
const percent = (part, whole) => (whole ? 100 * part / whole : 0).toFixed(1) + " %";
