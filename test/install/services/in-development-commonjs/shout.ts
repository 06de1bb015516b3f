export const shout = (word: string): string => word.toUpperCase();
