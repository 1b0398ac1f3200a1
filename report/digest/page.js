"use strict";
(function () {
	var table = document.getElementById("workloads");
	if (!table)
		return;
	var body = table.tBodies[0], tools = document.getElementById("tools");
	var rows = Array.prototype.slice.call(body.rows);

	function value(row, index) {
		var cell = row.cells[index], number = cell.getAttribute("data-n");
		return number === null ? cell.textContent : Number(number);
	}
	function sort(index, head) {
		var down = head.getAttribute("aria-sort") === "ascending";
		Array.prototype.forEach.call(head.parentNode.cells, function (other) {
			other.removeAttribute("aria-sort");
		});
		head.setAttribute("aria-sort", down ? "descending" : "ascending");
		rows.sort(function (a, b) {
			var x = value(a, index), y = value(b, index), order;
			order = x < y ? -1 : x > y ? 1 : 0; /* names as in the other formats */
			return down ? -order : order;
		});
		rows.forEach(function (row) { body.appendChild(row); });
	}
	Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, index) {
		var button = document.createElement("button");
		button.type = "button";
		button.textContent = head.textContent;
		head.textContent = "";
		head.appendChild(button);
		button.addEventListener("click", function () { sort(index, head); });
	});

	var search = document.createElement("input"), only = document.createElement("input");
	var count = document.createElement("span");
	function label(text, input) {
		var element = document.createElement("label");
		element.appendChild(document.createTextNode(text + " "));
		element.appendChild(input);
		tools.appendChild(element);
	}
	function filter() {
		var word = search.value.toLowerCase(), shown = 0;
		rows.forEach(function (row) {
			var fits = row.textContent.toLowerCase().indexOf(word) >= 0 &&
				(!only.checked || row.hasAttribute("data-finding"));
			row.hidden = !fits;
			shown += fits ? 1 : 0;
		});
		count.textContent = shown + " of " + rows.length + " shown";
	}
	search.type = "search";
	only.type = "checkbox";
	count.setAttribute("role", "status");
	label("Filter", search);
	label("Only with findings", only);
	tools.appendChild(count);
	search.addEventListener("input", filter);
	only.addEventListener("change", filter);
	filter();
	window.addEventListener("beforeprint", function () {
		document.querySelectorAll("details").forEach(function (list) { list.open = true; });
	});
})();
