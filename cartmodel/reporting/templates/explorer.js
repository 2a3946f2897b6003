"use strict";
(function () {
  const box = document.getElementById("dose-explorer");
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const slider = document.getElementById("dose");
  const blue = "#0072B2", vermillion = "#D55E00", grey = "#57606a";
  const config = { displayModeBar: false, responsive: true, showLink: false, scrollZoom: false, doubleClick: false };
  const font = { family: "system-ui, Arial, sans-serif", size: 12 };
  const faint = { "#0072B2": "rgba(0,114,178,0.2)", "#D55E00": "rgba(213,94,0,0.2)" };
  const said = {
    within: "Within the trial's doses (" + data.range + ").",
    below: "EXTRAPOLATED: below the trial's doses (" + data.range + "). Rests on the model's form and its priors.",
    above: "EXTRAPOLATED: above the trial's doses (" + data.range + "). Rests on the model's form and its priors.",
  };
  box.hidden = false;

  function band(x, low, high, color, axes) {
    return [
      Object.assign({ x: x, y: low, mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false }, axes),
      Object.assign({ x: x, y: high, mode: "lines", line: { width: 0 }, fill: "tonexty", fillcolor: faint[color],
        name: "95% interval", hoverinfo: "skip" }, axes),
    ];
  }

  function line(x, y, color, axes, name) {
    return Object.assign({ x: x, y: y, mode: "lines", line: { width: 2, color: color }, name: name }, axes);
  }

  const tops = data.level.upper.flat(), bottoms = data.level.median.flat();
  const limits = [Math.log10(Math.min.apply(null, bottoms.concat(data.lloq))) - 0.5, Math.log10(Math.max.apply(null, tops)) + 0.2];

  function kinetics(place) {
    const color = data.where[place] === "within" ? blue : vermillion;
    const traces = band(data.times, data.level.lower[place], data.level.upper[place], color, {});
    traces.push(line(data.times, data.level.median[place], color, {}, "median"));
    data.lloq.forEach(function (limit) {
      traces.push({ x: [data.times[0], data.times[data.times.length - 1]], y: [limit, limit], mode: "lines",
        line: { width: 1, dash: "dot", color: grey }, name: "LLOQ", hoverinfo: "skip" });
    });
    Plotly.react("kinetics", traces, {
      font: font, margin: { l: 62, r: 8, t: 34, b: 42 }, showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { title: { text: "Days since infusion" }, zeroline: false, fixedrange: true },
      yaxis: { title: { text: "Level (" + data.unit + ")" }, type: "log", range: limits, exponentformat: "power", dtick: 1,
        fixedrange: true },
    }, config);
  }

  const shown = data.measures.filter(function (m) { return m.name.startsWith("auc_"); }).slice(0, 1)
    .concat(data.measures.filter(function (m) { return m.unit === "probability"; }));

  function overDoses(place) {
    const traces = [], shapes = [], annotations = [];
    const layout = {
      font: font, margin: { l: 62, r: 8, t: 24, b: 42 }, showlegend: false, shapes: shapes, annotations: annotations,
      grid: { rows: shown.length, columns: 1, pattern: "independent", ygap: 0.32 },
    };
    const ends = [Math.log10(data.doses[0]), Math.log10(data.doses[data.doses.length - 1])];
    const inside = [data.trial[0], data.trial[data.trial.length - 1]];
    shown.forEach(function (m, i) {
      const suffix = i ? String(i + 1) : "";
      const axes = { xaxis: "x" + suffix, yaxis: "y" + suffix };
      traces.push.apply(traces, band(data.doses, m.lower, m.upper, blue, axes));
      traces.push(line(data.doses, m.median, blue, axes, m.label));
      const color = data.where[place] === "within" ? blue : vermillion;
      traces.push(Object.assign({ x: [data.doses[place]], y: [m.median[place]], mode: "markers", hoverinfo: "skip",
        marker: { size: 11, color: color, line: { width: 2, color: "#fff" } } }, axes));
      [[data.doses[0], inside[0]], [inside[1], data.doses[data.doses.length - 1]]].forEach(function (range) {
        shapes.push({ type: "rect", xref: "x" + suffix, yref: "y" + suffix + " domain", x0: range[0], x1: range[1], y0: 0,
          y1: 1, fillcolor: "rgba(213,94,0,0.13)", line: { width: 0 }, layer: "below" });
      });
      annotations.push({ text: m.label + (m.unit === "probability" ? ", probability" : " (" + m.unit + ")"), showarrow: false,
        xref: "x" + suffix + " domain", yref: "y" + suffix + " domain", x: 0, y: 1.03, xanchor: "left", yanchor: "bottom" });
      annotations.push({ text: "extrapolated", showarrow: false, font: { size: 11, color: vermillion },
        xref: "x" + suffix + " domain", yref: "y" + suffix + " domain", x: 1, y: 0.98, xanchor: "right", yanchor: "top" });
      layout["xaxis" + suffix] = { type: "log", range: ends, fixedrange: true, tickvals: data.trial.length <= 6 ? data.trial : undefined,
        ticktext: data.trial.length <= 6 ? data.trial.map(function (d) { return data.ticks[data.doses.indexOf(d)]; }) : undefined,
        title: i === shown.length - 1 ? { text: "Dose (cells)" } : undefined };
      layout["yaxis" + suffix] = m.unit === "probability" ? { range: [0, 1], fixedrange: true }
        : { type: "log", exponentformat: "power", dtick: "D2", fixedrange: true };
    });
    Plotly.react("overdoses", traces, layout, config);
  }

  function show(place) {
    const outside = data.where[place] !== "within";
    box.classList.toggle("extrapolated", outside);
    data.measures.forEach(function (m) {
      document.getElementById("answer-" + m.name).textContent = m.text[place];
    });
    if (slider) {
      document.getElementById("dose-shown").textContent = data.words[place];
      document.getElementById("where").textContent = said[data.where[place]];
      slider.setAttribute("aria-valuetext", data.words[place] + (outside ? ", extrapolated" : ", within the trial's doses"));
      overDoses(place);
    }
    kinetics(place);
  }

  if (slider) {
    slider.addEventListener("input", function () { show(Number(slider.value)); });
  }
  show(slider ? Number(slider.value) : 0);
})();
