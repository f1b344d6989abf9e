"use strict";
(() => {
  const table = document.getElementById("board"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const sorter = document.getElementById("sorter");
  const sort = (index, down) => {
    const numeric = heads[index].dataset.type === "number";
    const key = row => row.cells[index].dataset.sort ?? (row.cells[index].title || row.cells[index].textContent);
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = numeric ? x - y : x.localeCompare(y);
      return down ? -order : order;
    });
    body.append(...rows);
    heads.forEach((head, i) => i === index ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    sorter.value = index;
  };
  heads.forEach((head, index) => {
    sorter.add(new Option(head.innerText || head.textContent, index));
    head.querySelector("button").addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(index, now ? now === "ascending" : head.dataset.type === "number");
    });
  });
  const twins = document.getElementById("twins");
  table.classList.toggle("with-twins", !twins);
  twins?.addEventListener("change", () => table.classList.toggle("with-twins", twins.checked));
  sorter.value = heads.findIndex(head => head.hasAttribute("aria-sort"));
  sorter.addEventListener("change", () => sort(+sorter.value, heads[sorter.value].dataset.type === "number"));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach(part => { part.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach(part => { part.open = false; }));
})();
