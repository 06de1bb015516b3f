/** A pool's task that lives or takes its thread down. */
export default async (order: 'live' | 'die'): Promise<string> => {
  if (order === 'die') process.exit(1);
  return 'alive';
};
