/** Bars with their intervals as SVG, drawn without a browser. The only file that knows the charting library. */
import { init, type EChartsOption } from 'echarts';

export interface Bar {
  readonly name: string;
  readonly p50: number;
  readonly low: number;
  readonly high: number;
  /** Ours, a peer's, or ours and over its bound. */
  readonly kind: 'ours' | 'peer' | 'bad';
}

export interface Plot {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly unit: string;
  readonly isLogarithmic: boolean;
}

const colours: Readonly<Record<Bar['kind'], string>> = { ours: '#2b6cb0', peer: '#a0aec0', bad: '#c05621' };
const WIDTH = 900;
const ROW = 26;
const MARGINS = { left: 330, right: 130, top: 50, bottom: 40 };
const CAP = 4;

/** One plot. The same bars always give the same text, whatever was drawn before. */
export function intervalPlot({ title, bars, unit, isLogarithmic }: Plot): string {
  const height = MARGINS.top + MARGINS.bottom + bars.length * ROW;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const option: EChartsOption = {
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 10, top: 10, textStyle: { fontSize: 14 } },
    grid: MARGINS,
    xAxis: isLogarithmic ? { type: 'log', name: unit, min: floorOf(bars) } : { type: 'value', name: unit, min: 0 },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { width: MARGINS.left - 20, overflow: 'truncate' },
    },
    series: [
      {
        type: 'bar',
        barWidth: ROW / 2,
        data: bars.map(({ p50, kind }) => ({ value: p50, itemStyle: { color: colours[kind] } })),
      },
      {
        type: 'custom',
        data: bars.map(({ low, high }, at) => [low, high, at]),
        encode: { x: [0, 1], y: 2 },
        renderItem: whiskersOf(bars, unit),
        z: 3,
      },
    ],
  };
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${withoutCounters(svg)}\n`;
}

/** A power of ten below everything, for bars to begin at. */
const floorOf = (bars: readonly Bar[]): number => 10 ** Math.floor(Math.log10(Math.min(...bars.map(({ low }) => Math.max(low, 1e-6)))));

const labelOf = ({ p50 }: Bar, unit: string): string => `${p50.toLocaleString('en', { maximumSignificantDigits: 3 })} ${unit}`;

interface Drawing {
  value(dimension: number): number | string;
  coord(point: (number | string)[]): number[];
}

/** The interval across the end of each bar, and the median behind it, where neither hides the other. */
const whiskersOf = (bars: readonly Bar[], unit: string) => (_: unknown, drawing: Drawing) => {
  const [fromX = 0, y = 0] = drawing.coord([drawing.value(0), drawing.value(2)]);
  const [toX = 0] = drawing.coord([drawing.value(1), drawing.value(2)]);
  const style = { stroke: '#1a202c', lineWidth: 1 };
  const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: 'line' as const, shape: { x1, y1, x2, y2 }, style });
  const text = labelOf(bars[Number(drawing.value(2))] as Bar, unit);
  return {
    type: 'group' as const,
    children: [
      line(fromX, y, toX, y),
      line(fromX, y - CAP, fromX, y + CAP),
      line(toX, y - CAP, toX, y + CAP),
      { type: 'text' as const, style: { text, x: toX + CAP + 2, y, verticalAlign: 'middle' as const, fill: '#1a202c', fontSize: 12 } },
    ],
  };
};

/** The library numbers its charts and styles in the order of a process. */
function withoutCounters(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-[a-z]+-?\d+/g, (name) => {
    const known = names.get(name) ?? `id${names.size}`;
    names.set(name, known);
    return known;
  });
}
