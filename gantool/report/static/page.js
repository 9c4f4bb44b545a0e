// What the page does beside what it shows without a script: charts that can be zoomed into,
// smoothed and drawn logarithmically, and the film of the grids.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  };

  // An exponential moving average, without its pull towards zero at the beginning.
  const smoothed = (values, weight) => {
    let sum = 0, share = 1;
    return values.map((value) => {
      sum = weight * sum + (1 - weight) * value;
      share *= weight;
      return sum / (1 - share);
    });
  };

  const tables = (index) => {
    const weight = Number(at("smooth").value), positive = at("log").checked;
    const shown = data.plots[index].map(([steps, values]) => {
      const drawn = weight > 0 ? smoothed(values, weight) : values;
      return [steps, positive ? drawn.map((value) => (value > 0 ? value : null)) : drawn];
    });
    return shown.length > 1 ? uPlot.join(shown) : shown[0];
  };

  const options = (index, width) => {
    const colour = colours();
    const axis = { stroke: colour("quiet"), grid: { stroke: colour("rule"), width: 1 }, ticks: { stroke: colour("rule"), width: 1 } };
    return {
      width, height: Math.max(220, Math.round(width / 2)),
      scales: { x: { time: false }, y: { distr: at("log").checked ? 3 : 1 } },
      axes: [axis, { ...axis, size: 64 }],
      cursor: { drag: { x: true, y: false, dist: 10 } },
      series: [
        { label: "step" },
        ...data.labels[index].map((label, number) => ({
          label, stroke: colour(`c${number % 8}`), width: 1.5, spanGaps: true,
          dash: Math.floor(number / 8) % 2 ? [5, 3] : undefined,
        })),
      ],
    };
  };

  // A finger drawn across a chart is told as a mouse, the only thing that uPlot listens to; drawn up
  // or down it moves the page (`touch-action` in page.css).
  const MOUSE = { pointerdown: "mousedown", pointermove: "mousemove", pointerup: "mouseup", pointercancel: "mouseup" };
  const hearFingers = (over) => {
    for (const [name, told] of Object.entries(MOUSE)) {
      over.addEventListener(name, (event) => {
        if (event.pointerType === "mouse") return;
        const mouse = new MouseEvent(told, { bubbles: true, clientX: event.clientX, clientY: event.clientY });
        Object.defineProperty(mouse, "movementX", { value: 1 });  // uPlot passes over moves of none
        over.dispatchEvent(mouse);
      });
    }
  };

  const charts = [...document.querySelectorAll(".drawn")].map((place, index) => {
    const chart = { place, index, plot: null, range: null };
    chart.draw = () => {
      const width = place.clientWidth;
      if (chart.plot) chart.plot.destroy();
      place.replaceChildren();
      chart.plot = new uPlot(options(index, width), tables(index), place);
      hearFingers(chart.plot.over);
      if (chart.range) chart.plot.setScale("x", chart.range);
    };
    chart.keep = () => {
      const { min, max } = chart.plot.scales.x, steps = chart.plot.data[0];
      chart.range = min > steps[0] || max < steps[steps.length - 1] ? { min, max } : null;
      chart.draw();
    };
    return chart;
  });
  const redraw = () => charts.forEach((chart) => chart.keep());
  charts.forEach((chart) => chart.draw());
  if (charts.length) {
    at("smooth").addEventListener("input", redraw);
    at("log").addEventListener("change", redraw);
    at("whole").addEventListener("click", () => charts.forEach((chart) => { chart.range = null; chart.draw(); }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    let width = innerWidth;
    addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
  }

  const time = at("time"), grid = at("grid");
  if (time) {
    const newest = grid.src, play = at("play");
    const show = () => {
      const number = Number(time.value), last = number === data.film.length - 1;
      grid.src = last ? newest : data.film[number].source;
      at("step").textContent = data.film[number].step.toLocaleString("en");
    };
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶"; };
    time.addEventListener("input", () => { stop(); show(); });
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      play.textContent = "❚❚";
      timer = setInterval(() => {
        time.value = (Number(time.value) + 1) % data.film.length;
        show();
      }, 200);
    });
  }
})();
