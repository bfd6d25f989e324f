// Sorting and choosing rows, and charts once they come near. The pages are complete without it.
(() => {
  "use strict";

  // A cell's number: data-v where it has one, else what it begins with; NaN for "–" and for words.
  const number = (cell) => parseFloat(cell.dataset.v ?? cell.textContent.trim().replace("−", "-"));

  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    if (Number.isNaN(x) && Number.isNaN(y)) return a.textContent.localeCompare(b.textContent, "en", { numeric: true });
    return null; // one of them is not known
  };

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    const words = column === 0 || body.rows[0]?.cells[column].classList.contains("left");
    const before = heading.getAttribute("aria-sort");
    const first = words ? "ascending" : "descending"; // of figures the largest matter most
    const order = before !== first ? first : first === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...body.rows].sort((r, s) => {
      const [a, b] = [r.cells[column], s.cells[column]];
      // What is not known comes last either way.
      return words
        ? sign * a.textContent.trim().localeCompare(b.textContent.trim(), "en", { numeric: true })
        : compare(a, b) === null ? Number.isNaN(number(a)) - Number.isNaN(number(b)) : sign * compare(a, b);
    });
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      if (heading.classList.contains("plain")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }

  for (const form of document.querySelectorAll("form.controls")) {
    const table = document.getElementById(form.dataset.table);
    const rows = [...table.tBodies[0].rows];
    const [search, output] = [form.querySelector("input"), form.querySelector("output")];
    const choose = () => {
      const words = search.value.trim().toLowerCase();
      const wanted = [...form.querySelectorAll("select")].filter((select) => select.value);
      let shown = 0;
      table.classList.toggle("one-layer", wanted.some((select) => select.name === "layer"));
      for (const row of rows) {
        const fits = wanted.every((select) => row.dataset[select.name] === select.value);
        row.classList.remove("later");
      row.hidden = !(fits && row.cells[0].textContent.toLowerCase().includes(words));
        shown += !row.hidden;
      }
      output.textContent = `${shown} of ${rows.length} rows`;
    };
    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    choose();
  }

  for (const button of document.querySelectorAll("button.expand")) {
    const folded = [...button.closest("section").querySelectorAll("details.part")];
    button.addEventListener("click", () => {
      const open = folded.some((details) => !details.open);
      for (const details of folded) details.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
    button.hidden = false;
  }

  const charts = [...document.querySelectorAll("[data-chart]")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = (chart) => {
    const spec = JSON.parse(document.getElementById(`chart-${chart.dataset.chart}`).textContent);
    const tooltip = { theme: dark.matches ? "dark" : "light" };
    vegaEmbed(chart, spec, { renderer: "svg", actions: false, tooltip }).then(() => {
      chart.firstElementChild.ariaHidden = "true"; // the figure's label and the table beside it say it better
      chart.classList.add("drawn");
    });
  };
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px" });
  if (charts.length) {
    // After everything else: the page is read before it is drawn on.
    addEventListener("load", () => {
      const script = document.createElement("script");
      script.src = "vega.js";
      script.onload = () => charts.forEach((chart) => near.observe(chart));
      document.body.append(script);
    });
  }
})();
