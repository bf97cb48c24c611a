// Outcomes over time as stacked bars, with the pace as a line above them.

import { html, useEffect, useMemo, useRef, useState } from "../view.js";
import uPlot from "../../vendor/uplot.js";
import { ZONE, dayAndTime } from "../eastern.js";
import { OUTCOMES, number, outcomeLabel } from "../words.js";

const HEIGHT = 240;
const NAMES = Object.keys(OUTCOMES);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Heap the outcomes of each stretch upon each other: one list of heights for each outcome that occurs. */
function stack(points) {
  const names = NAMES.filter((name) => points.some((point) => point.outcomes[name]));
  const heap = points.map(() => 0);
  const layers = names.map((name) => points.map((point, i) => (heap[i] += point.outcomes[name] ?? 0)));
  return { names, layers };
}

function options({ names, width, step, onPoint }) {
  const line = colour("line");
  const bars = uPlot.paths.bars({ size: [0.86, 40], align: 1 });
  const axis = {
    stroke: colour("muted"),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: "12px system-ui",
  };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { range: (_, least, most) => [least, most + step] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] },
    },
    axes: [
      {
        ...axis,
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((minutes) => minutes * 60),
        values: [
          [86400, "{MMM} {D}", null, null, null, null, null, null, 1],
          [3600, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
          [60, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
        ],
      },
      { ...axis, size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
    ],
    series: [
      {},
      ...names
        .toReversed()
        .map((name) => ({
          label: name,
          fill: colour(name),
          stroke: colour(name),
          width: 0,
          paths: bars,
          points: { show: false },
        })),
      {
        label: "pace",
        stroke: colour("ink"),
        width: 1.5,
        dash: [5, 4],
        paths: uPlot.paths.stepped({ align: 1 }),
        points: { show: false },
      },
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

/**
 * The chart of points {at, outcomes, pace}, each a stretch of `step` seconds.
 * What it shows is told in words under it, and as a table for whoever does not see it.
 */
export function Chart({ points, step, label }) {
  const place = useRef(null);
  const [pointed, setPointed] = useState(null);
  const { names, layers } = useMemo(() => stack(points), [points]);
  const data = useMemo(
    () => [points.map((each) => each.at / 1000), ...layers.toReversed(), points.map((each) => each.pace)],
    [points, layers],
  );
  const drawn = useRef(null);
  const shape = names.join();

  useEffect(() => {
    const draw = () => {
      drawn.current?.destroy();
      const width = Math.max(200, place.current.clientWidth);
      drawn.current = new uPlot(options({ names, width, step, onPoint: setPointed }), data, place.current);
    };
    draw();
    const sized = new ResizeObserver(() => {
      const width = Math.max(200, place.current.clientWidth);
      if (drawn.current && width !== drawn.current.width) drawn.current.setSize({ width, height: HEIGHT });
    });
    sized.observe(place.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    addEventListener("paceline:theme", draw);
    return () => {
      sized.disconnect();
      scheme.removeEventListener("change", draw);
      removeEventListener("paceline:theme", draw);
      drawn.current?.destroy();
      drawn.current = null;
    };
  }, [shape, step]);
  useEffect(() => drawn.current?.setData(data), [data]);

  const point = points[pointed ?? points.length - 1];
  return html`<figure class="chart">
    <div ref=${place} class="plot" aria-hidden="true"></div>
    <figcaption>
      ${point && html`<span><b>${dayAndTime(point.at)}</b> ${told(point)}</span>`}
      <span class="key"><i class="pace-line" aria-hidden="true"></i>the pace</span>
    </figcaption>
    <details class="as-table">
      <summary>${label} as a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label=${`${label}, table`}>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Ended</th>
              <th scope="col">Pace</th>
              ${names.map((name) => html`<th scope="col">${outcomeLabel(name)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${points
              .filter((each) => total(each) || each.pace)
              .slice(-200)
              .map(
                (each) =>
                  html`<tr>
                    <th scope="row">${dayAndTime(each.at)}</th>
                    <td>${number(total(each))}</td>
                    <td>${neat(each.pace)}</td>
                    ${names.map((name) => html`<td>${number(each.outcomes[name])}</td>`)}
                  </tr>`,
              )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

const total = (point) => Object.values(point.outcomes).reduce((sum, many) => sum + many, 0);
const neat = (pace) => pace.toLocaleString("en-US", { maximumFractionDigits: 1 });

function told(point) {
  const parts = NAMES.filter((name) => point.outcomes[name]).map(
    (name) => `${number(point.outcomes[name])} ${outcomeLabel(name).toLowerCase()}`,
  );
  return `${parts.join(", ") || "nothing ended"} · pace ${neat(point.pace)}`;
}
