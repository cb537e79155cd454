
(function () {
  "use strict";
  var table = document.getElementById("cells");
  if (!table) { return; }
  var body = table.tBodies[0];
  var rows = Array.from(body.rows);
  var heads = Array.from(table.tHead.rows[0].cells);
  var status = document.getElementById("shown");
  var box = document.getElementById("filter");

  function key(row, column) {
    var cell = row.cells[column];
    var value = cell.dataset.v;
    if (value === undefined) { return cell.textContent.toLowerCase(); }
    return value === "" ? null : Number(value);
  }

  function sort(column) {
    var head = heads[column];
    var down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.sort(function (a, b) {
      var x = key(a, column), y = key(b, column);
      if (x === y) { return a.dataset.i - b.dataset.i; }
      if (x === null) { return 1; }
      if (y === null) { return -1; }
      return (x > y) === down ? -1 : 1;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }

  heads.forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    button.addEventListener("click", function () { sort(column); });
  });

  function filter() {
    var words = box.value.toLowerCase().split(/\s+/);
    var count = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var hit = words.every(function (word) { return text.includes(word); });
      row.hidden = !hit;
      count += hit ? 1 : 0;
    });
    status.textContent = count === rows.length ? "" : count + " of " + rows.length + " cells";
  }

  box.addEventListener("input", filter);
  document.getElementById("tools").hidden = false;
  filter();
}());
