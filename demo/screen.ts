// One frame as lines of a terminal: the two arms side by side. A pure function of frame and width; it writes nothing.

import type { ArmFrame, Frame } from './frame.js';
import type { Paint, Style } from './paint.js';
import { count, dollars, milliseconds, percent, seconds } from './words.js';

export interface ScreenOptions {
  readonly width: number;
  readonly paint: Paint;
}

/** On a smaller terminal, lines are easier to read. */
export const screenWidthMin = 60;
export const screenHeight = 22;
const screenWidthMax = 110;
const labelWidth = 20;
const incidentsShown = 4;
const armStyle = { plain: 'yellow', coalescer: 'cyan' } as const;
const armTitle = { plain: 'PLAIN CLIENT', coalescer: 'COALESCER' } as const;

/** Always as many lines, so that they can be painted over. */
export function screenLines(frame: Frame, { width, paint }: ScreenOptions): string[] {
  const usable = Math.min(width, screenWidthMax) - 1;
  const cellWidth = Math.floor((usable - labelWidth) / frame.arms.length);
  const row = (label: string, cell: (arm: ArmFrame) => string, ...styles: readonly Style[]): string =>
    ` ${fit(label, labelWidth - 1)}${frame.arms.map((arm) => paint(fit(cell(arm), cellWidth - 2), ...styles, armStyle[arm.name])).join('  ')}`;
  const callsMost = Math.max(1, ...frame.arms.map((arm) => arm.calls));
  const dollarsMost = Math.max(0.01, ...frame.arms.map((arm) => arm.dollars));
  const rhythmMost = Math.max(1, ...frame.arms.flatMap((arm) => arm.rhythm));
  const failures = frame.arms.some((arm) => arm.failed > 0);
  return [
    paint(fit(` ${frame.title}`, usable), 'bold'),
    '',
    ...progress(frame, usable, paint),
    '',
    row('', (arm) => armTitle[arm.name], 'bold'),
    paint(
      row('', (arm) => arm.about),
      'dim',
    ),
    row('upstream calls', (arm) => count(arm.calls), 'bold'),
    row('', (arm) => bar(arm.calls / callsMost, cellWidth - 2)),
    row('requests a second', (arm) => count(arm.perSecond), 'bold'),
    row('', (arm) => sparkline(arm.rhythm.slice(2 - cellWidth), rhythmMost)),
    row('p99, last 3 s', (arm) => milliseconds(arm.p99Ms)),
    row('failed', (arm) => count(arm.failed), ...(failures ? (['bold'] as const) : [])),
    row('in the air', (arm) => (arm.name === 'plain' ? count(arm.waiting) : `${count(arm.waiting)} on ${count(arm.airborne)} flights`)),
    row('cost', (arm) => dollars(arm.dollars), 'bold'),
    row('', (arm) => bar(arm.dollars / dollarsMost, cellWidth - 2)),
    '',
    ` ${frame.providers.map(({ name, isUp }) => paint(`${isUp ? '●' : '✖'} ${name} ${isUp ? 'up  ' : 'down'}`, isUp ? 'green' : 'red')).join('    ')}`,
    ...incidentLines(frame, usable, paint),
  ];
}

function progress(frame: Frame, width: number, paint: Paint): string[] {
  const share = Math.min(1, frame.elapsedMs / frame.durationMs);
  const landing = frame.elapsedMs > frame.durationMs;
  const text = landing
    ? ` all sent, ${count(Math.max(...frame.arms.map((arm) => arm.waiting)))} still in the air`
    : ` ${percent(share)}  ${seconds(frame.elapsedMs)} of ${seconds(frame.durationMs)}`;
  const barWidth = width - 34;
  const done = Math.round(share * barWidth);
  const marks = Array.from({ length: barWidth }, () => ' ');
  for (const { atMs } of frame.incidents) marks[Math.min(barWidth - 1, Math.floor((atMs / frame.durationMs) * barWidth))] = '▴';
  return [
    ` ${paint('━'.repeat(done), 'green')}${paint('─'.repeat(barWidth - done), 'dim')}${fit(text, 32)}`,
    ` ${paint(marks.join(''), 'red')}`,
  ];
}

function incidentLines(frame: Frame, width: number, paint: Paint): string[] {
  const lines = frame.incidents.slice(-incidentsShown).map(({ atMs, good, text }) => {
    const line = fit(` ${seconds(atMs).padStart(7)}  ${good ? '✔' : '✖'} ${text}`, width).trimEnd();
    return paint(line, good ? 'green' : 'red');
  });
  return [...lines, ...Array.from({ length: incidentsShown - lines.length }, () => '')];
}

/** Exactly as wide as asked. */
function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text.padEnd(width);
}

function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '');
}

function sparkline(values: readonly number[], most: number): string {
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.floor((value / most) * 8))]).join('');
}
