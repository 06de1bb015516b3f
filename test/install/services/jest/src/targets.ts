import { defineTargets } from 'coalescer';
import { shout } from './shout';

export default defineTargets(({ sign }: { readonly sign: string }) => ({
  primary: async (word: string): Promise<string> => Promise.reject(new Error(`primary is away, and cannot say ${word}`)),
  backup: async (word: string): Promise<string> => shout(word) + sign,
}));
