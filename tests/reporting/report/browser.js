// What browser.py asks of a page. Each function returns a list of faults.
({
  // Charts that are not drawn within so many seconds when scrolled to.
  undrawn: async (seconds) => {
    const charts = [...document.querySelectorAll("[data-chart]")];
    for (const chart of charts) {
      chart.scrollIntoView();
      for (let i = 0; i < 10 * seconds && !chart.matches(".drawn"); i++) await new Promise((done) => setTimeout(done, 100));
    }
    return charts.filter((chart) => !chart.querySelector("svg")).map((chart) => chart.dataset.chart);
  },

  // Opens what is folded and asks for each picture: those that do not load, and those without size or words.
  unloaded: async () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const image of document.images) image.loading = "eager";
    for (const image of document.images) {
      if (image.complete) continue; // loaded, or failed
      await new Promise((done) => {
        image.onload = image.onerror = done;
        setTimeout(done, 5000);
      });
    }
    const faulty = (image) => !image.naturalWidth || !image.alt || !image.width || !image.height;
    return [...document.images].filter(faulty).map((image) => image.src);
  },

  // Clicks each heading of each sortable table twice: those whose aria-sort is not the order of the rows.
  unsorted: () => {
    const number = (cell) => parseFloat(cell.dataset.v ?? cell.textContent.trim().replace("−", "-"));
    const { compare } = new Intl.Collator("en", { numeric: true });
    const faulty = (table, heading) => {
      const cells = [...table.tBodies[0].rows].map((row) => row.cells[heading.cellIndex]);
      const sign = { ascending: 1, descending: -1 }[heading.ariaSort];
      const words = cells[0].matches("th, .left");
      const values = cells.map((cell) => (words ? cell.textContent.trim() : number(cell)));
      const known = values.findIndex(Number.isNaN) < 0 ? values : values.slice(0, values.findIndex(Number.isNaN));
      const ordered = known.every((value, i) => {
        const before = known[Math.max(0, i - 1)];
        return sign * (words ? compare(value, before) : value - before) >= 0;
      });
      const restUnknown = values.slice(known.length).every(Number.isNaN);
      return !sign || !ordered || !restUnknown || table.querySelectorAll("[aria-sort]").length !== 1;
    };
    const found = [];
    for (const table of document.querySelectorAll("table.sortable")) {
      const buttons = [...table.querySelectorAll("thead button")];
      if (!buttons.length) found.push("no button");
      for (const button of [...buttons, ...buttons].sort((a, b) => buttons.indexOf(a) - buttons.indexOf(b))) {
        button.click();
        const heading = button.closest("th");
        if (faulty(table, heading)) found.push(`${heading.textContent} ${heading.ariaSort}`);
      }
    }
    return found;
  },

  // How many pixels the page is wider than the screen, if it is.
  wider: () => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} px`] : [];
  },
});
