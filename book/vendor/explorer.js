// The explorer's page (book/explorer.md): its choices, chart, tables, images and commands, from the data in the page.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const byId = (id) => document.getElementById(`ex-${id}`);
  const form = byId("form");
  const SELECTS = ["dataset", "augmentation", "score", "features", "protocol"];
  const wanted = structuredClone(data.default); // what was asked for; `choice` is what of it there is
  let choice = {};

  // ---- elements

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const cell = (text, kind = "td", attributes = {}) => element(kind, attributes, text);
  const label = (kind, name) => data.labels[kind][name] ?? name;
  const accuracy = (value) => value.toFixed(2);

  function swatch(policy) {
    const [colour, , dash] = data.marks[policy];
    const svg = d3.create("svg").attr("viewBox", "-14 -7 28 14").attr("class", "ex-swatch").attr("aria-hidden", "true");
    svg.append("path").attr("d", "M-14,0H14").attr("stroke", colour).attr("stroke-dasharray", dash).attr("stroke-width", 2);
    drawSymbol(svg.append("path"), policy);
    return svg.node();
  }

  function drawSymbol(path, policy) {
    const [colour, name, , filled] = data.marks[policy], type = d3[`symbol${name[0].toUpperCase()}${name.slice(1)}`];
    return path.attr("d", d3.symbol(type, 56)()).attr("stroke", colour).attr("stroke-width", filled ? 0.8 : 2)
      .style("fill", filled ? colour : "var(--pst-color-background)");
  }

  // ---- the choice

  function task() {
    return data.tasks[`${choice.dataset}-${choice.augmentation}`];
  }

  function run() {
    return task().runs[`${task().protocols[choice.protocol]}/${choice.features}`];
  }

  function curves() { // of the choice, by policy, whether checked or not
    const found = run()?.curves.filter((curve) => ["", choice.score].includes(curve.score)) ?? [];
    return new Map(found.map((curve) => [curve.policy, curve]));
  }

  const anyByScore = () => [...curves().values()].some((curve) => curve.score === choice.score);
  const drawn = () => choice.policies.map((name) => curves().get(name));

  function offered(name) {
    const tasks = Object.keys(data.tasks).map((key) => key.split("-"));
    const inOrder = (values) => Object.keys(data.labels[name]).filter((each) => values.includes(each));
    if (name === "dataset") return inOrder(tasks.map(([dataset]) => dataset));
    if (name === "augmentation") return inOrder(tasks.filter(([set]) => set === choice.dataset).map(([, kind]) => kind));
    return name === "features" ? task().features : Object.keys(data.labels[name]);
  }

  function settle() { // from what is wanted to what there is
    choice = {};
    for (const name of SELECTS) {
      const values = offered(name);
      choice[name] = values.includes(wanted[name]) ? wanted[name] : values[0];
    }
    const there = curves();
    choice.policies = Object.keys(data.marks).filter((name) => wanted.policies.includes(name) && there.has(name));
    const budgets = run()?.budgets ?? [0];
    choice.budget = d3.least(budgets, (budget) => Math.abs(budget - wanted.budget));
  }

  function command(template, more = {}) {
    const values = { ...choice, n_seeds: run()?.seeds ?? 5, ...more };
    return template.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  // ---- the address

  function hash() {
    const parts = [...SELECTS, "budget"].map((key) => [key, String(choice[key])]);
    return `#${new URLSearchParams([...parts, ["policies", choice.policies.join(" ")]])}`;
  }

  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of SELECTS) if (given.has(key)) wanted[key] = given.get(key);
    if (given.has("budget")) wanted.budget = Number(given.get("budget")) || 0;
    if (given.has("policies")) wanted.policies = given.get("policies").split(" ");
    return given.has("dataset");
  }

  // ---- the controls

  function fillSelect(select, pairs, value) {
    select.replaceChildren(...pairs.map(([key, text]) => element("option", { value: key }, text)));
    select.value = value;
  }

  function showControls() {
    for (const name of SELECTS) fillSelect(form[name], offered(name).map((key) => [key, label(name, key)]), choice[name]);
    const n = run()?.n ?? 1;
    const share = (budget) => `${budget} (${+((100 * budget) / n).toFixed(1)} %)`;
    fillSelect(form.budget, (run()?.budgets ?? []).map((budget) => [budget, share(budget)]), choice.budget);
    const boxes = Object.keys(data.marks).filter((name) => curves().has(name)).map((name) => {
      const box = element("input", { type: "checkbox", name: "policy", value: name });
      box.checked = choice.policies.includes(name);
      return element("label", {}, box, swatch(name), label("policy", name));
    });
    const focused = document.activeElement?.name === "policy" ? document.activeElement.value : null;
    byId("policies").replaceChildren(byId("policies").firstElementChild, ...boxes);
    if (focused) form.querySelector(`input[value="${focused}"]`)?.focus();
    showLacking();
  }

  function showLacking() {
    const lacking = Object.keys(data.marks).filter((name) => !curves().has(name));
    byId("lacking").replaceChildren();
    if (!lacking.length || !anyByScore()) return;
    const names = lacking.map((name) => label("policy", name)).join("; ");
    const line = `${command(data.commands.run)} --policies ${lacking.join(",")}`;
    byId("lacking").append(element("details", {},
      element("summary", {}, `${lacking.length} policies are not computed for this choice`),
      element("p", {}, `${names}. To compute them:`), codeLine(line, "lacking-line")));
  }

  // ---- the chart

  function reference(budget, policy) { // the mean of no or of full augmentation
    const curve = curves().get(policy);
    const at = curve?.budgets.indexOf(budget) ?? -1;
    return at < 0 ? null : curve.mean[at];
  }

  function rowsOf(curve) {
    return curve.budgets.map((budget, k) => ({
      policy: curve.policy, budget, mean: curve.mean[k], half: curve.half[k], seeds: curve.seeds,
      low: curve.mean[k] - (curve.half[k] ?? 0), high: curve.mean[k] + (curve.half[k] ?? 0),
    }));
  }

  function showChart() {
    const chart = byId("chart"), n = run().n, width = chart.clientWidth, narrow = width < 620;
    const rows = drawn().flatMap(rowsOf), bands = d3.group(rows, (row) => row.policy);
    const levels = [["no augmentation", reference(0, "baseline")], [narrow ? "all points" : "all points augmented", reference(n, "full")]];
    const known = levels.filter(([, value]) => value !== null);
    const values = [...rows.flatMap((row) => [row.low, row.high]), ...known.map(([, value]) => value)];
    const room = 0.06 * (d3.max(values) - d3.min(values) || 1);
    const ticks = run().budgets.filter((budget) => budget !== 0.75 * n && !(narrow && budget === n / 2));
    const longest = d3.max(choice.policies, (name) => shortLabel(name).length) ?? 0;
    const marginRight = narrow ? 14 : 60 + 6.8 * longest;
    const plot = Plot.plot({
      width, height: narrow ? 320 : 440, marginLeft: 52, marginRight, marginTop: 30, marginBottom: 44,
      style: { background: "none", fontSize: "13px", overflow: "visible" },
      x: { type: "symlog", constant: 1, domain: [0, n], ticks, tickFormat: String, label: "augmented points", labelAnchor: "center", labelArrow: "none" },
      y: { domain: [d3.min(values) - room, d3.max(values) + 1.5 * room], grid: true, label: "accuracy on the augmented test set, %", labelArrow: "none" },
      marks: [
        Plot.ruleX([n / 10], { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "2 4" }),
        Plot.text([n / 10], { x: (d) => d, text: () => "10 %", frameAnchor: "top", dy: -12, fill: "currentColor" }),
        Plot.ruleX([choice.budget], { stroke: "currentColor", strokeWidth: 1.5, strokeOpacity: 0.7 }),
        Plot.ruleY(known, { y: ([, value]) => value, stroke: "#808080", strokeWidth: 1.5 }),
        ...[...bands].flatMap(([name, own]) => lineMarks(own, data.marks[name])),
      ],
    });
    const svg = d3.select(plot);
    svg.selectAll("g[aria-label]").attr("aria-label", null).attr("aria-hidden", "true"); // read out: the points alone
    svg.attr("role", "group").attr("aria-label", "Accuracy against augmented points; arrow keys go from point to point");
    chart.replaceChildren(plot);
    drawPoints(svg, plot, rows);
    drawLevels(svg, plot, known, n);
    if (!narrow) drawLabels(svg, plot, [...bands.values()].map((own) => own.at(-1)), width - marginRight);
  }

  function lineMarks(rows, [colour, , dash]) {
    const at = { x: "budget", fill: colour, fillOpacity: 0.14 };
    return [
      Plot.areaY(rows, { ...at, y1: "low", y2: "high" }),
      Plot.lineY(rows, { x: "budget", y: "mean", stroke: colour, strokeWidth: 2, strokeDasharray: dash || null }),
    ];
  }

  function drawLevels(svg, plot, known, n) {
    const x = plot.scale("x"), y = plot.scale("y");
    svg.append("g").attr("class", "ex-halo").attr("fill", "currentColor").selectAll("text").data(known).join("text")
      .attr("x", ([name]) => (name[0] === "n" ? x.apply(n) - 4 : x.apply(0) + 6))
      .attr("y", ([, value]) => y.apply(value) - 6)
      .attr("text-anchor", ([name]) => (name[0] === "n" ? "end" : "start"))
      .text(([name, value]) => `${name}: ${accuracy(value)} %`);
  }

  function drawPoints(svg, plot, rows) {
    const x = plot.scale("x"), y = plot.scale("y");
    const points = svg.append("g").attr("class", "ex-points").selectAll("path").data(rows).join("path")
      .attr("transform", (row) => `translate(${x.apply(row.budget)},${y.apply(row.mean)})`)
      .attr("role", "img").attr("aria-label", inWords).attr("tabindex", (_, k) => (k ? -1 : 0))
      .each(function draw(row) { drawSymbol(d3.select(this), row.policy); })
      .on("focus", function show(_, row) { showTip(this, row); })
      .on("blur", hideTip)
      .on("keydown", function move(event, row) { moveFrom(event, this, row, points); })
      .on("click", (_, row) => setBudget(row.budget));
    svg.on("pointermove", (event) => {
      const nearest = d3.least(points.nodes(), (node) => distance(event, node));
      if (nearest && distance(event, nearest) < 28) showTip(nearest, d3.select(nearest).datum());
      else hideTip();
    }).on("pointerleave", hideTip);
  }

  function distance(event, node) {
    const box = node.getBoundingClientRect();
    return Math.hypot(event.clientX - box.x - box.width / 2, event.clientY - box.y - box.height / 2);
  }

  function drawLabels(svg, plot, ends, edge) {
    const x = plot.scale("x"), y = plot.scale("y"), [low, high] = [y.range[0], y.range[1]];
    const placed = ends.map((row) => ({ row, y: y.apply(row.mean) })).sort((a, b) => a.y - b.y);
    const step = Math.min(17, (low - high) / Math.max(1, placed.length - 1));
    placed.forEach((each, k) => { each.at = Math.max(each.y, k ? placed[k - 1].at + step : high); });
    let limit = low;
    for (const each of placed.toReversed()) { each.at = Math.min(each.at, limit); limit = each.at - step; }
    const labels = svg.append("g").attr("class", "ex-halo").selectAll("g").data(placed).join("g");
    labels.append("path").attr("fill", "none").attr("stroke", ({ row }) => data.marks[row.policy][0]).attr("stroke-opacity", 0.6)
      .attr("d", (each) => `M${x.apply(each.row.budget) + 7},${each.y}L${edge + 28},${each.at}`);
    labels.append("path").attr("transform", (each) => `translate(${edge + 36},${each.at})`)
      .each(function draw({ row }) { drawSymbol(d3.select(this), row.policy); });
    labels.append("text").attr("text-anchor", "start").attr("x", edge + 46).attr("y", (each) => each.at).attr("dy", "0.35em").attr("fill", "currentColor")
      .text(({ row }) => shortLabel(row.policy));
  }

  const shortLabel = (name) => label("policy", name).replace("proportional", "prop.");

  function inWords(row) {
    const half = row.half === null ? "" : ` ± ${accuracy(row.half)}`;
    return `${label("policy", row.policy)}, ${row.budget} points augmented: ${accuracy(row.mean)}${half} %, ${seeds(row.seeds)}`;
  }

  const seeds = (count) => `${count} seed${count === 1 ? "" : "s"}`;

  function showTip(node, row) {
    const tip = byId("tip"), home = byId("curves").getBoundingClientRect(), box = node.getBoundingClientRect();
    tip.textContent = inWords(row);
    tip.hidden = false;
    tip.style.left = `${Math.max(0, Math.min(box.x - home.x + 12, home.width - tip.offsetWidth))}px`;
    tip.style.top = `${box.y - home.y - tip.offsetHeight - 8}px`;
  }

  function hideTip() {
    const focused = document.activeElement;
    if (focused?.closest(".ex-points")) showTip(focused, d3.select(focused).datum());
    else byId("tip").hidden = true;
  }

  function moveFrom(event, node, row, points) {
    const order = choice.policies, step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (["Enter", " "].includes(event.key)) { event.preventDefault(); setBudget(row.budget); return; }
    if (!step) return;
    event.preventDefault();
    const own = points.nodes(), rows = points.data();
    if (["ArrowLeft", "ArrowRight"].includes(event.key)) {
      const next = own.indexOf(node) + step;
      if (rows[next]?.policy === row.policy) focusOn(own[next], node);
      return;
    }
    const policy = order[(order.indexOf(row.policy) + step + order.length) % order.length];
    const same = rows.filter((each) => each.policy === policy);
    focusOn(own[rows.indexOf(d3.least(same, (each) => Math.abs(each.budget - row.budget)))], node);
  }

  function focusOn(node, before) {
    before.setAttribute("tabindex", -1);
    node.setAttribute("tabindex", 0);
    node.focus();
  }

  function setBudget(budget) {
    const focused = document.activeElement?.closest(".ex-points") && d3.select(document.activeElement).datum();
    wanted.budget = budget;
    update();
    if (!focused) return;
    const points = d3.selectAll(".ex-points path");
    const same = points.filter((row) => row.policy === focused.policy && row.budget === focused.budget).node();
    if (same) focusOn(same, points.node());
  }

  // ---- the tables

  function rowHead(policy, checked = true) {
    const head = element("th", { scope: "row" }, ...(policy in data.marks ? [swatch(policy)] : []), label("policy", policy));
    if (!checked) head.classList.add("ex-unchecked");
    return head;
  }

  function fillTable(table, caption, heads, rows) {
    table.replaceChildren(element("caption", {}, element("span", {}, caption)),
      element("thead", {}, element("tr", {}, ...heads.map((head) => cell(head, "th", { scope: "col" })))),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))));
  }

  function showNumbers() {
    const shown = [...drawn(), ...(curves().has("full") ? [curves().get("full")] : [])];
    const budgets = [...new Set(shown.flatMap((curve) => curve.budgets))].sort(d3.ascending);
    const rows = shown.map((curve) => [rowHead(curve.policy), ...budgets.map((budget) => {
      const k = curve.budgets.indexOf(budget), half = curve.half[k] ?? null;
      const spread = half === null ? [] : [" ", element("small", {}, `± ${accuracy(half)}`)];
      const chosen = budget === choice.budget ? { class: "ex-chosen" } : {};
      return element("td", chosen, ...(k < 0 ? [] : [accuracy(curve.mean[k]), ...spread]));
    }), cell(String(curve.seeds))]);
    fillTable(byId("numbers"), "Accuracy in percent by number of augmented points: means over seeds, ± half of the 95 % t interval. " +
      "A value without ± has one seed: over frozen features such a policy is not random.", ["policy", ...budgets.map(String), "seeds"], rows);
  }

  function showAucs() {
    const own = data.table_policies.map((name) => curves().get(name)).filter((curve) => curve?.auc);
    own.sort((a, b) => d3.descending(Number(a.auc), Number(b.auc)));
    const number = task().tables[choice.score], other = choice.features !== task().published_features;
    const heads = ["policy", "AUC", ...(number ? ["paper", "ours - paper", "sd", "paper sd"] : ["sd"]), "seeds"];
    const rows = own.map((curve) => {
      const [paper, paperSd, ahead] = curve.paper[choice.score] ?? ["", "", ""];
      const numbers = number ? [curve.auc, paper, ahead, curve.sd, paperSd] : [curve.auc, curve.sd];
      return [rowHead(curve.policy, choice.policies.includes(curve.policy)), ...[...numbers, String(curve.seeds)].map((text) => cell(text))];
    });
    byId("published").textContent = number
      ? `The paper's Table ${number}${other ? `, whose features are ${label("features", task().published_features)}` : ""}.`
      : "The paper publishes no AUCs of this choice.";
    const { caveats } = run();
    byId("caveats").hidden = !caveats.length;
    byId("caveats").replaceChildren(element("summary", {}, "What to know beside these numbers"), ...caveats.map((text) => element("p", {}, text)));
    fillTable(byId("aucs"), "AUC of all policies of Tables 3 to 20 that are stored, the best first; 1000 is perfect. Those drawn above are in bold.", heads, rows);
  }

  // ---- the images

  function showImages() {
    const count = Math.min(choice.budget, data.n_first), { classes, points, point_scores: scores } = run();
    const column = 1 + scores.indexOf(choice.score);
    byId("about-images").textContent = choice.budget
      ? `${count < choice.budget ? `The first ${count} of the ${choice.budget}` : `The ${count}`} points that seed 0 of each policy chooses, in its order.` +
        (column ? ` Under each its class and its ${label("score", choice.score)} before augmentation.` : " Under each its class.")
      : "With a budget of 0 no point is chosen.";
    byId("images").replaceChildren(...drawn().map((curve) => {
      const list = element("ol", { class: "ex-thumbnails" }, ...curve.first.slice(0, count).map((point) => {
        const [kind, ...values] = points[point] ?? [null], score = column ? values[column - 1] : undefined;
        return thumbnail(point, kind === null ? "" : classes[kind], score);
      }));
      const none = element("p", {}, "No order is stored: this policy draws another set for each budget.");
      return element("section", { "aria-label": label("policy", curve.policy) },
        element("h3", {}, swatch(curve.policy), label("policy", curve.policy)), curve.first.length ? list : none);
    }));
  }

  function thumbnail(point, name, score) {
    const sheet = data.thumbnails[choice.dataset], k = sheet?.points.indexOf(point) ?? -1;
    const words = `point ${point}${name && `, ${name}`}${score === undefined ? "" : `, ${label("score", choice.score)} ${score}`}`;
    const image = element("span", { role: "img", "aria-label": words, title: words, class: `ex-image ex-of-${choice.dataset}` });
    if (k < 0) image.textContent = "not stored";
    else image.style.backgroundPosition = `0 calc(${-k} * var(--ex-side))`;
    return element("li", {}, image, element("small", { "aria-hidden": "true" }, name, element("br"), score ?? ""));
  }

  function loadSheets() {
    const rules = Object.entries(data.thumbnails).map(([name, sheet]) => `.ex-of-${name} {background-image: url(data:image/png;base64,${sheet.png})}`);
    document.head.append(element("style", {}, rules.join("\n")));
  }

  // ---- the commands, the link and the file

  function codeLine(text, id) {
    const button = element("button", { type: "button", class: "ex-copy", "data-copies": `ex-${id}` }, "Copy");
    return element("p", { class: "ex-line" }, element("code", { id: `ex-${id}` }, text), button);
  }

  function showCommands() {
    const names = new Set(drawn().map((curve) => curve.notebook).filter(Boolean));
    if (!names.size) names.add("random_policies");
    const shows = [...names].map((name, k) => codeLine(command(data.commands[name]), `shows-${k}`));
    const policies = choice.policies.join(",") || "baseline";
    const { code, date, machine, minutes, networks, stored_as } = run(), name = `${choice.dataset}-${choice.augmentation}`;
    const anew = `${command(data.commands.run)} --policies ${policies} --seeds ${run().seeds} --results mine`;
    const runs = networks.length ? networks.map((network) => `${anew} --weights ${network}`) : [anew]; // means are over all of them
    const where = stored_as.length > 1 ? `the mean over protocols ${stored_as.join(", ")}` : `protocol ${stored_as[0]}`;
    byId("origin").textContent = `From results/${name}.csv, where this is ${where}, ` +
      `${choice.features}: ${minutes} minutes for all its curves on ${machine}${date && `, ${date}`} (${code}).`;
    byId("commands").replaceChildren(
      element("p", {}, "Show the stored numbers in the book's notebooks. With -p source=recompute at its end, a line for random_policies or deterministic_policies computes them first:"), ...shows,
      element("p", {}, "Compute exactly these policies anew, into a folder of its own, and print their AUCs:"),
      ...runs.map((text, k) => codeLine(text, k ? `computes-${k}` : "computes")), codeLine(`effaug summary ${name} --results mine`, "prints"));
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copies), text = source.href ?? source.textContent;
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // browsers have no clipboard on file://
      const area = element("textarea", {}, text);
      button.after(area);
      area.select();
      copied = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    say(copied ? `Copied: ${text}` : `Copying is not allowed here. This was to be copied: ${text}`);
  }

  function csv() {
    const heads = ["task", "protocol", "stored_as", "features", "score", "policy", "seeds", "budget", "accuracy_percent", "half_width_95", "auc", "auc_sd", "paper_auc", "paper_auc_sd"];
    const full = curves().get("full");
    const lines = [...drawn(), ...(full ? [full] : [])].flatMap((curve) => {
      const paper = curve.paper?.[choice.score] ?? ["", ""];
      return curve.budgets.map((budget, k) => [`${choice.dataset}-${choice.augmentation}`, choice.protocol, run().stored_as.join("; "),
        choice.features, curve.score, curve.policy, curve.seeds, budget, accuracy(curve.mean[k]), curve.half[k] === null ? "" : accuracy(curve.half[k]),
        curve.auc ?? "", curve.sd ?? "", paper[0], paper[1]]);
    });
    return [heads, ...lines].map((line) => `${line.join(",")}\n`).join("");
  }

  function download() {
    const name = SELECTS.map((key) => choice[key]).join("-");
    const link = element("a", { href: URL.createObjectURL(new Blob([csv()], { type: "text/csv" })), download: `${name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say(`${name}.csv is downloaded.`);
  }

  // ---- all of it

  function say(text, command = null) {
    byId("status").replaceChildren(text, ...(command ? [codeLine(command, "missing")] : []));
  }

  function inSentence() {
    const parts = ["dataset", "augmentation"].map((key) => label(key, choice[key])).join(", ");
    return `${parts}, by ${label("score", choice.score)}, ${label("features", choice.features)}, settings of ${label("protocol", choice.protocol)}`;
  }

  function update() {
    settle();
    showControls();
    const there = Boolean(run()) && anyByScore();
    document.querySelectorAll(".ex:not(#ex-form, #ex-status)").forEach((part) => { part.hidden = !there; });
    history.replaceState(null, "", hash());
    byId("link").href = location.href;
    if (!there) {
      say(`Nothing is stored yet for ${inSentence()}. This computes it:`, command(data.commands.run));
      return;
    }
    say(`Shown: ${inSentence()}; ${choice.policies.length} ${choice.policies.length === 1 ? "policy" : "policies"}, budget ${choice.budget}.`);
    byId("caption").textContent = "Lines are means over seeds, bands 95 % t intervals; the solid upright line is the chosen budget. " +
      "Values appear under the pointer and, with the chart in focus, by arrow keys; a click or Enter chooses the budget.";
    for (const show of [showChart, showNumbers, showAucs, showImages, showCommands]) show();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    if (target.name === "policy") wanted.policies = wanted.policies.filter((name) => name !== target.value).concat(target.checked ? target.value : []);
    else wanted[target.name] = target.name === "budget" ? Number(target.value) : target.value;
    update();
  });
  document.addEventListener("click", ({ target }) => { if (target.matches?.(".ex-copy")) copy(target); });
  byId("csv").addEventListener("click", download);
  addEventListener("hashchange", () => { if (readHash()) update(); });
  form.hidden = false;
  loadSheets();
  readHash();
  update();
  let width = byId("chart").clientWidth;
  new ResizeObserver(([{ contentRect }]) => {
    if (Math.abs(contentRect.width - width) < 2 || !contentRect.width) return;
    width = contentRect.width;
    showChart();
  }).observe(byId("chart"));
})();
