/** Text that is kept after what it came from is gone. */

/** At most the first `most` characters, copied: V8's slices hold on to the whole text they were cut from, an error body of megabytes, say. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : Buffer.from(text.slice(0, most), 'utf16le').toString('utf16le');
}
