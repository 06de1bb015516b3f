import { createCoalescer, threadTargets } from 'coalescer';
import { tellStory } from './story.js';
import type targets from './targets.js';

const module_ = threadTargets<typeof targets>(new URL('./targets.js', import.meta.url), { config: { sign: '!' } });
await tellStory(createCoalescer({ name: 'words', scope: 'public', targets: module_ }));
