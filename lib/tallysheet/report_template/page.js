// Buttons in column headers sort: up, down, as it was. The page of all weeks can be searched.
(() => {
  const { lang } = document.documentElement, all = (what) => document.querySelectorAll(what);
  const collator = new Intl.Collator(lang, { numeric: true });
  const point = (1.5).toLocaleString(lang)[1], separators = point === "," ? /[\s.]/g : /[\s,]/g;

  const keyOf = (cell, isNumber) => {
    const text = cell?.firstChild?.textContent.trim() ?? "";
    if (!isNumber) return cell?.dataset.order ?? (text === "–" ? "" : text);
    const [, sign, digits] = text.match(/^(\D*)(\d[\d\s.,]*)/) ?? [];
    return digits ? (/[-−]/.test(sign) ? -1 : 1) * digits.replace(separators, "").replace(point, ".") : "";
  };

  const sort = (table, head, order) => {
    for (const other of head.parentNode.cells) other.ariaSort = other === head ? order : null;
    const isNumber = head.matches(".number"), turn = order === "descending" ? -1 : 1;
    const rows = table.page.map((row) => [keyOf(row.cells[head.cellIndex], isNumber), row]);
    if (order) rows.sort(([one], [other]) => (one === "") - (other === "")
      || turn * (isNumber ? one - other : collator.compare(one, other)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  const next = { ascending: "descending", descending: null };
  for (const table of all(".scroll > table")) {
    table.page = [...table.tBodies[0].rows];
    if (table.page.length < 2) continue;
    for (const head of table.tHead.rows[0].cells) {
      if (head.matches(".picture")) continue;
      const button = document.createElement("button");
      button.append(...head.childNodes);
      button.onclick = () => sort(table, head, head.ariaSort ? next[head.ariaSort] : "ascending");
      head.append(button);
    }
    // Paper has the order of the page.
    addEventListener("beforeprint", () => sort(table, table.tHead.rows[0].cells[0], null));
  }

  // A page that was mailed alone has no neighbours to lead to.
  const { folder } = document.body.dataset;
  if (folder && !location.pathname.includes(`/${folder}/`))
    for (const link of all("a:not([href^='#'])")) link.removeAttribute("href");

  for (const { content, parentNode, nextElementSibling } of all("template")) {
    const [field, count] = content.querySelectorAll("input, output"), told = count.value;
    const { page } = nextElementSibling.querySelector("table");
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    field.oninput = () => {
      const words = plain(field.value).split(/\s+/);
      for (const row of page) row.hidden = !words.every((word) => plain(row.textContent).includes(word));
      count.value = told.replace("{n}", page.filter((row) => !row.hidden).length).replace("{all}", page.length);
    };
    field.oninput();
    parentNode.insertBefore(content, nextElementSibling);
  }
})();
