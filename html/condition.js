// From what is known to the one word a person needs. Pictures win over hearsay: while new ones come, neither a broken
// connection nor a slow status takes "live" away.

import { now } from "./engine.js";

/** Milliseconds of age from which a picture is called late. */
export const lateAge = 1_500;
const shortestStall = 2_000;
/** Milliseconds without a picture: is the server still there? */
const shortestDoubt = 400;

/** What a player has seen since it was started; times in milliseconds, of this machine's clock. */
export class Sight {
  openedAt = now();
  /** When the newest picture was painted; 0: none yet. */
  pictureAt = 0;
  /** `{ status, error, message }` of the last connection, or null. */
  refusal = null;
  /** What the stream said of the camera instead of a picture, `{ reason }`, or null. */
  outage = null;
  #isDoubted = false;

  takePicture(at) {
    this.pictureAt = at;
    this.refusal = this.outage = null;
    this.#isDoubted = false;
  }

  /** Whether pictures that flowed have fallen silent; true once. `interval`: the usual time between them. */
  beginsToDoubt(interval) {
    if (!this.pictureAt || this.#isDoubted || now() - this.pictureAt <= Math.max(shortestDoubt, 3 * (interval ?? 0))) return false;
    return (this.#isDoubted = true);
  }
}

/**
 * facts: those of a `Sight`, and
 *   now                 this machine's clock, ms
 *   isActive, isFrozen
 *   delay, interval     of metrics
 *   isStill             snapshots instead of a stream
 *   isReachable, askedAt, camera, isKnown   of the status feed; camera: its entry or undefined
 */
export function conditionOf(facts) {
  const { now, camera, refusal } = facts;
  if (facts.isFrozen) return { state: "frozen" };
  if (!facts.isActive) return { state: "paused" };

  const stall = Math.max(facts.isStill ? 6_000 : shortestStall, 4 * (facts.interval ?? 0));
  const silence = now - (facts.pictureAt || facts.openedAt);
  const hasPicture = facts.pictureAt > 0;
  const isFresh = hasPicture && silence < stall;

  const isSaidOffline = camera?.online === false && facts.pictureAt < facts.askedAt;
  if (facts.isReachable !== false && (facts.outage || isSaidOffline)) {
    return { state: "offline", cameraState: camera?.state, reason: facts.outage?.reason || camera?.reason };
  }
  const isSilent = silence > Math.max(1_000, 1.5 * (facts.interval ?? 0));
  if (isFresh && !(facts.isReachable === false && isSilent)) {
    return facts.delay > lateAge ? { state: "late" } : { state: "live" };
  }
  if (facts.isReachable === false) return { state: "unreachable" };
  if (refusal?.status === 404 || (facts.isReachable && facts.askedAt > 0 && facts.isKnown === false)) return { state: "missing" };
  if (refusal?.status === 503 || refusal?.status === 429) return { state: "busy", code: refusal.error, reason: refusal.message };
  if (refusal?.status === 401 || refusal?.status === 403) return { state: "refused", code: refusal.error, reason: refusal.message };
  if (refusal && refusal.status < 502) {
    return { state: "failed", code: refusal.error, reason: refusal.message || `HTTP ${refusal.status}` };
  }
  if (silence < stall) return { state: "connecting" };
  return hasPicture ? { state: "stalled", silence } : { state: "connecting" };
}
