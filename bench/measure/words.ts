/** Figures as people read them. */
import type { Estimate } from './statistics.js';

/** Three digits that count. */
export function short(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, 2) });
}

export const interval = ({ p50, low, high }: Estimate): string =>
  low === high ? short(p50) : `${short(p50)} (${short(low)}–${short(high)})`;
