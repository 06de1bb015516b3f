/** Text that crosses, and text that is kept after what it came from is gone. */

/** V8 copies what is cut out of a text, where it is shorter than this. */
const SHORTEST_SLICE = 13;

/**
 * A copy, where there may be need for one: V8's slices hold on to the whole text they were cut from, an error body of megabytes, say. Joined with another and
 * cut again, it is cut out of a text that was written for it (23 ns for 30 characters; there and back through bytes 227).
 */
export const own = (text: string): string => (text.length < SHORTEST_SLICE ? text : ` ${text}`.slice(1));

/**
 * The same for what is compared with others again and again: no slice itself, at which each comparison looks in two places (83 ns; a hit by a key of 25
 * characters takes 67 ns, and 97 by a slice; of a million kept, 1,400 and 2,100).
 */
export const ownWhole = (text: string): string => (text.length < SHORTEST_SLICE ? text : [text.slice(0, 1), text.slice(1)].join(''));

/** A byte order mark. The packing library drops one that a longer text begins with, where it has no native part to read texts by. */
const BOM = 0xfe_ff;
export const beginsWithBom = (text: string): boolean => text.charCodeAt(0) === BOM;

/** At most the first `most` characters, and nothing of the rest is held. */
export const cut = (text: string, most: number): string => (text.length <= most ? text : own(text.slice(0, most)));

/** Names may come over the wire, megabytes long, and errors are logged: so much of one is told. */
const NAME_CHARACTERS_MAX = 100;

/** A name as a message tells it. */
export const nameFor = (name: string): string => (name.length <= NAME_CHARACTERS_MAX ? name : `${cut(name, NAME_CHARACTERS_MAX)}…`);
