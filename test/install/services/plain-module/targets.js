import { defineTargets } from 'coalescer';

export default defineTargets(({ sign }) => ({
  primary: async () => {
    throw new Error('primary is away');
  },
  backup: async (word) => {
    if (word === 'die') process.exit(3);
    return word.toUpperCase() + sign;
  },
}));
