/** Strings that cross, and strings that outlive the text they were sliced from. */

/** V8 copies slices that are shorter than this. */
const SHORTEST_SLICE = 13;

/**
 * A copy, if it may be a slice: V8's slices keep the whole text they were cut from alive, an error body of megabytes, say. Joined to another character and
 * sliced again, it is a slice of a text of its own (23 ns for 30 characters; by way of bytes 227).
 */
export const own = (text: string): string => (text.length < SHORTEST_SLICE ? text : ` ${text}`.slice(1));

/**
 * The same for strings that are compared again and again: the result is no slice itself, which each comparison would have to follow (83 ns; a hit by a key
 * of 25 characters takes 67 ns, and 97 by a slice; of a million kept, 1,400 and 2,100).
 */
export const ownWhole = (text: string): string => (text.length < SHORTEST_SLICE ? text : [text.slice(0, 1), text.slice(1)].join(''));

/** A byte order mark. The packing library's JavaScript decoder, used where it has no native part, drops it from the start of longer texts. */
const BOM = 0xfe_ff;
export const beginsWithBom = (text: string): boolean => text.charCodeAt(0) === BOM;

/** At most the first `most` characters, without keeping the rest alive. */
export const cut = (text: string, most: number): string => (text.length <= most ? text : own(text.slice(0, most)));

/** Names may come over the wire, megabytes long, and errors are logged: so much of one is told. */
const NAME_CHARACTERS_MAX = 100;

/** A name as a message tells it. */
export const nameFor = (name: string): string => (name.length <= NAME_CHARACTERS_MAX ? name : `${cut(name, NAME_CHARACTERS_MAX)}...`);
