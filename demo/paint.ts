// Colours, or none: asked once, of the stream that is written to (NO_COLOR, FORCE_COLOR and the kind of terminal decide).

import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
/** The text in these styles, as wide on the screen as before. */
export type Paint = (text: string, ...styles: readonly Style[]) => string;

export function painter(stream: NodeJS.WriteStream): Paint {
  const hasColors = stream.isTTY && stream.hasColors();
  return hasColors ? (text, ...styles) => styles.reduce((painted, style) => styleText(style, painted), text) : unpainted;
}

export const unpainted: Paint = (text) => text;
