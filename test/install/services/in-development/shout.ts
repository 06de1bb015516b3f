export interface Config {
  readonly sign: string;
}

export const shout = (word: string): string => word.toUpperCase();
