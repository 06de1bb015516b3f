/**
 * Whose fault is the death of a thread? A pure decision from evidence. To blame whoever was there twice would condemn bystanders: one poisonous flight
 * among a hundred residents takes the other ninety-nine down with it each time.
 */
import type { Passage } from './passage.js';

/** A flight that was on the thread when it died. */
export interface Resident {
  readonly passage: Pick<Passage, 'deathsBlamed' | 'lossesBegun' | 'suspicion'>;
  /** Was an attempt of it in the air? */
  readonly isBegun: boolean;
  /** Has an attempt of it been made on this thread, finished or not? If not, it is innocent unless evidence names it. */
  readonly hasFlown: boolean;
}

/** What becomes of one resident. */
export interface Fate {
  /** `worn-out`: a bystander of too many deaths. */
  readonly end: 'relaunch' | 'poisoned' | 'worn-out';
  readonly suspicion: Passage['suspicion'];
  readonly deathsBlamed: number;
  readonly lossesBegun: number;
}

/** A flight that evidence names twice is stopped: a request never kills more. */
const DEATHS_MAX = 2;

/**
 * @param culprit the resident that evidence names (its code was running, or an uncaught error came from its async context); `'gone'`: one that
 *   settled before; `null`: none
 * @param isQuarantine did only suspects fly there?
 * @param relaunchesMax how many deaths a bystander survives
 */
export function judgeDeath(
  residents: readonly Resident[],
  culprit: Resident | 'gone' | null,
  isQuarantine: boolean,
  relaunchesMax: number,
): readonly Fate[] {
  // A flight that waits for its next attempt may have left behind what kills: it is as suspect as those in the air, though it lost nothing.
  const flown = residents.filter(({ hasFlown }) => hasFlown);
  const [first, ...others] = flown;
  // Alone on the thread: nobody else can be named. A waiting flight is named only in quarantine; elsewhere the culprit may be one that has settled.
  const only = first !== undefined && others.length === 0 && (first.isBegun || isQuarantine) ? first : null;
  const named = culprit ?? only;
  return residents.map((resident): Fate => {
    const { passage, isBegun, hasFlown } = resident;
    const { suspicion, deathsBlamed, lossesBegun } = passage;
    if (!hasFlown && resident !== named) return { end: 'relaunch', suspicion, deathsBlamed, lossesBegun };
    const losses = isBegun || resident === named ? lossesBegun + 1 : lossesBegun;
    if (resident === named) {
      const blamed = deathsBlamed + 1;
      // If it flew alone on purpose, it had shared two deaths with others before: nobody else is left to suspect.
      const isPoisoned = blamed >= DEATHS_MAX || suspicion === 'alone';
      // Earlier deaths, in which it could not be told from others, were its own too.
      if (isPoisoned) return { end: 'poisoned', suspicion, deathsBlamed: losses, lossesBegun: losses };
      return { end: 'relaunch', suspicion: 'alone', deathsBlamed: blamed, lossesBegun: losses };
    }
    const end = isBegun && losses > relaunchesMax ? 'worn-out' : 'relaunch';
    // If another was named, it is as innocent as before. If nobody was, all fly again where they can be told apart, and at last one by one.
    const suspected = named !== null ? suspicion : isQuarantine ? 'alone' : 'suspect';
    return { end, suspicion: suspected, deathsBlamed, lossesBegun: losses };
  });
}
