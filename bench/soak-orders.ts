/** What a request of the soak asks for, and where its calls are noted. */
export const DEATHS = ['exit', 'throw', 'reject', 'oom', 'hang'] as const;
export type Death = (typeof DEATHS)[number];

export interface SoakOrder {
  readonly key: string;
  /** Row of the call times in shared memory. */
  readonly slot: number;
  readonly ms: number;
  readonly death: Death | null;
}

/** Rows that are in use at once, at most, and calls of one flight that are noted. */
export const SLOTS = 4_096;
export const CALLS_MAX = 8;
