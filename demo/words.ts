// Numbers as people read them: the same in the live display and in the report.

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function count(value: number): string {
  return integers.format(value);
}

export function milliseconds(value: number): string {
  return `${integers.format(value)} ms`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

export function dollars(value: number): string {
  return `$${value.toFixed(2)}`;
}

export function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}
