import { defineTargets } from 'coalescer';
import { shout } from './shout';

export default defineTargets({
  primary: async (word: string): Promise<string> => Promise.reject(new Error(`primary is away, and cannot say ${word}`)),
  backup: async (word: string): Promise<string> => `${shout(word)}!`,
});
