/** Lines or bars over time, drawn by uPlot: axes in the unit's own words, a tooltip, colours that follow the theme, and the same numbers as a table. */
import 'uplot/dist/uPlot.min.css';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import UPlot from 'uplot';
import { bucket, bucket_short, clock_time_short, type Grain, instant } from '../format.ts';
import { in_unit, in_unit_short, type Series, type Unit } from '../units.ts';
import { Scroll } from './Scroll.tsx';

interface ChartProps {
  readonly label: string;
  /** RFC 3339, rising. */
  readonly at: readonly string[];
  readonly series: readonly Series[];
  readonly unit: Unit;
  readonly look?: 'lines' | 'bars';
  /** Of the times: buckets of UTC, or moments to the second in the person's own zone. */
  readonly grain?: Grain | 'second';
  readonly height?: number;
  /** A point was clicked, or its row in the table. */
  pick?(index: number): void;
}

const height_default = 220;
const colours = 6;
/** Ends the name of a series of the past where names travel as text. */
const past_mark = '\r';

export function Chart({ label, at, series, unit, look = 'lines', grain = 'day', height = height_default, pick }: ChartProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const theme = useThemeChanges();
  const [tip, set_tip] = useState<Tip | null>(null);
  const data = useMemo<UPlot.AlignedData>(
    () => [at.map(one => Date.parse(one) / 1_000), ...series.map(one => [...one.values])],
    [at, series],
  );
  const names = series.map(one => `${one.name}${one.is_past === true ? past_mark : ''}`).join('\n');
  const currency = unit.kind === 'money' ? unit.currency : '';
  const plot = useRef<UPlot>(undefined);
  const newest = useRef(data);
  newest.current = data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the page, the data is set below without drawing all anew
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const drawn = new UPlot(
      options({ names: names.split('\n'), unit, look, grain, height, width: element.clientWidth, set_tip }),
      newest.current,
      element,
    );
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [names, unit.kind, currency, look, grain, height, theme]);
  useEffect(() => plot.current?.setData(data), [data]);
  const time = (one: string) => (grain === 'second' ? instant(one) : bucket(one, grain));
  const picked = () => tip !== null && pick?.(tip.index);
  return (
    <figure className="chart" aria-label={label}>
      {series.length > 1 && <Legend series={series} />}
      {/* Its keyboard is the table below. */}
      <div className={pick === undefined ? 'chart-box' : 'chart-box picks'} ref={box} aria-hidden="true" onClick={picked} />
      {tip !== null && at[tip.index] !== undefined && <TipBox tip={tip} title={time(at[tip.index] ?? '')} series={series} unit={unit} />}
      <details>
        <summary>Show as a table</summary>
        <AsTable label={label} at={at} series={series} unit={unit} time={time} {...(pick === undefined ? {} : { pick })} />
      </details>
    </figure>
  );
}

interface Tip {
  readonly index: number;
  readonly left: number;
  readonly flip: boolean;
}

interface OptionsGiven {
  readonly grain: Grain | 'second';
  readonly names: readonly string[];
  readonly unit: Unit;
  readonly look: 'lines' | 'bars';
  readonly width: number;
  readonly height: number;
  set_tip(tip: Tip | null): void;
}

function options({ names, unit, look, grain, width, height, set_tip }: OptionsGiven): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  // A canvas understands no light-dark(): the browser is asked what it comes to.
  const probe = document.body.appendChild(document.createElement('span'));
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const axis = {
    stroke: colour('--ink-3'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  const bars = look === 'bars' ? UPlot.paths.bars?.({ size: [0.7, 48] }) : undefined;
  const lines = names.map((name, index) => {
    if (name.endsWith(past_mark)) return { label: name, stroke: colour('--ink-3'), width: 1.5, dash: [4, 4], points: alone };
    const stroke = colour(`--series-${1 + (index % colours)}`);
    return {
      label: name,
      stroke,
      width: 2,
      points: alone,
      ...(bars === undefined ? {} : { paths: bars, fill: stroke, width: 0 }),
    };
  });
  probe.remove();
  return {
    width,
    height,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    ...(grain === 'second' ? {} : { tzDate: (at_s: number) => UPlot.tzDate(new Date(at_s * 1_000), 'UTC') }),
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      // A single bucket is as wide as a bucket, not as the days around it.
      x: { range: (_plot, min, max) => (min !== null && min === max ? [min - least_s[grain], max + least_s[grain]] : [min, max]) },
      y: {
        range: (_plot, min, max) => [Math.min(0, min ?? 0), max === null || max === 0 ? highest_of_nothing(unit) : highest_of(max, unit)],
      },
    },
    series: [{}, ...lines],
    axes: [
      { ...axis, size: 28, space: grain === 'second' ? 100 : 70, ...time_axis(grain) },
      { ...axis, size: 64, incrs: steps_of(unit), values: (_plot, splits) => splits.map(split => in_unit_short(split, unit)) },
    ],
    hooks: {
      setCursor: [
        plot => {
          const { idx, left = -1 } = plot.cursor;
          set_tip(
            idx === null || idx === undefined || left < 0
              ? null
              : { index: idx, left: left + plot.bbox.left / UPlot.pxRatio, flip: left > plot.over.clientWidth / 2 },
          );
        },
      ],
    },
  };
}

/** A moment with nothing beside it is no line: it is drawn as a point. */
const alone: UPlot.Series.Points = {
  show: true,
  size: 6,
  filter: (plot, series) => {
    const values = plot.data[series] ?? [];
    const is_nothing = (place: number) => values[place] === null || values[place] === undefined;
    return [...values.keys()].filter(place => !is_nothing(place) && is_nothing(place - 1) && is_nothing(place + 1));
  },
};

/** There is no half an order, and no axis needs pennies; of shares and times the plot chooses. */
function steps_of({ kind }: Unit): number[] {
  if (kind !== 'count' && kind !== 'money') return share_steps;
  return kind === 'money' ? whole_steps.map(step => step * 100) : whole_steps;
}
const decades = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, place) => 10 ** (from + place)).flatMap(ten => [ten, 2 * ten, 5 * ten]);
const whole_steps = decades(0, 12);
const share_steps = decades(-3, 12);

/** Where almost nothing happened an axis up to one percent says so. */
function highest_of(max: number, { kind }: Unit): number {
  return Math.max(max * 1.08, kind === 'share' ? 0.01 : 0);
}

function highest_of_nothing({ kind }: Unit): number {
  if (kind === 'share') return 1;
  return kind === 'money' ? 1_000 : 5;
}

/** In the person's own words; seconds are never cut into pieces. */
function time_axis(grain: Grain | 'second'): UPlot.Axis {
  const said = grain === 'second' ? clock_time_short : (at_ms: number) => bucket_short(at_ms, grain);
  const least = least_s[grain];
  return {
    incrs: time_steps_s.filter(step => step >= least),
    values: (_plot, splits) => splits.map(split => said(split * 1_000)),
  };
}
const day_s = 86_400;
const least_s: Readonly<Record<Grain | 'second', number>> = { second: 1, hour: 3_600, day: day_s, week: 7 * day_s, month: 30 * day_s };
const time_steps_s = [
  1,
  5,
  10,
  15,
  30,
  60,
  300,
  900,
  3_600,
  6 * 3_600,
  day_s,
  2 * day_s,
  7 * day_s,
  14 * day_s,
  30 * day_s,
  91 * day_s,
  182 * day_s,
  365 * day_s,
];

function TipBox({
  tip,
  title,
  series,
  unit,
}: {
  readonly tip: Tip;
  readonly title: string;
  readonly series: readonly Series[];
  readonly unit: Unit;
}): ReactNode {
  return (
    <div
      className="chart-tip"
      aria-hidden="true"
      style={{ top: 24, left: tip.left, transform: `translateX(${tip.flip ? 'calc(-100% - 10px)' : '10px'})` }}
    >
      <div className="quiet">{title}</div>
      {series.map((one, index) => (
        <div key={one.name} className="number">
          <Swatch index={index} is_past={one.is_past === true} />
          {series.length > 1 && `${one.name} `}
          <strong>{in_unit(one.values[tip.index], unit)}</strong>
        </div>
      ))}
    </div>
  );
}

function Swatch({ index, is_past }: { readonly index: number; readonly is_past: boolean }): ReactNode {
  const colour = is_past ? '--ink-3' : `--series-${1 + (index % colours)}`;
  return <span className="swatch" style={{ background: `var(${colour})` }} />;
}

function Legend({ series }: { readonly series: readonly Series[] }): ReactNode {
  return (
    <div className="legend">
      {series.map((one, index) => (
        <span key={one.name}>
          <Swatch index={index} is_past={one.is_past === true} />
          {one.name}
        </span>
      ))}
    </div>
  );
}

function AsTable({
  label,
  at,
  series,
  unit,
  time,
  pick,
}: Pick<ChartProps, 'label' | 'at' | 'series' | 'unit' | 'pick'> & { time(at: string): string }): ReactNode {
  return (
    <Scroll label={label}>
      <table className="table">
        <caption className="hidden">{label}</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            {series.map(one => (
              <th key={one.name} scope="col" className="end">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at.map((one, index) => (
            <tr key={one}>
              <th scope="row">
                {pick === undefined ? (
                  time(one)
                ) : (
                  <button type="button" className="as-link" onClick={() => pick(index)}>
                    {time(one)}
                  </button>
                )}
              </th>
              {series.map(line => (
                <td key={line.name} className="end">
                  {in_unit(line.values[index], unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Rises when the page turns dark or light. */
function useThemeChanges(): number {
  const [changes, set_changes] = useState(0);
  useEffect(() => {
    const changed = () => set_changes(before => before + 1);
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', changed);
    };
  }, []);
  return changes;
}
