/* The theme's tokens as the map needs them; no colour value stands anywhere else. */

export interface Colours {
  text: string; muted: string; focus: string; surface: string; line: string; edge: string;
  land: string; water: string; deep: string; plot: string; build: string; road: string; shore: string;
}

/** Read the tokens of the theme that is on. */
export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: token("text"), muted: token("muted"), focus: token("focus"), surface: token("surface"),
    line: token("line"), edge: token("edge"),
    land: token("map-land"), water: token("map-water"), deep: token("map-deep"), plot: token("map-plot"),
    build: token("map-build"), road: token("map-road"), shore: token("map-shore"),
  };
}

/** Turn #RRGGBB into three numbers of 0..1, for the graphics card. */
export function rgb(hex: string): [number, number, number] {
  const n = parseInt(hex.slice(1), 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
}
