// Flies seeded schedules through the compiled simulation: `npm run simulate -- --seeds N [--from S]`, or one alone with its story: `-- --seed N`.
import './ensure.mjs';

await import('../dist/test/simulation/main.js');
