// Determines the state that the user sees. While new pictures arrive, it stays "live", even if the connection breaks or
// a status request is slow.

import { now } from "./engine.js";

/** A picture older than this many milliseconds is late. */
export const lateAge = 1_500;
const minimumStall = 2_000;
/** After this many milliseconds without a picture, the status is requested. */
const minimumDoubt = 400;

/** What a player has observed since it started. Times are in milliseconds on this machine's clock. */
export class Observations {
  openedAt = now();
  /** When the newest picture was painted; 0 before the first. */
  pictureAt = 0;
  /** `{ status, error, message }` if the last connection was refused, or null. */
  refusal = null;
  /** `{ reason }` if the stream reported that the camera is offline, or null. */
  outage = null;
  #isInDoubt = false;

  takePicture(at) {
    this.pictureAt = at;
    this.refusal = this.outage = null;
    this.#isInDoubt = false;
  }

  /** Returns true once when pictures stop arriving. `interval` is the usual time between them; null if unknown. */
  startsDoubt(interval) {
    if (!this.pictureAt || this.#isInDoubt || now() - this.pictureAt <= Math.max(minimumDoubt, 3 * (interval ?? 0))) return false;
    return (this.#isInDoubt = true);
  }
}

/**
 * Returns `{ state, reason?, … }`. `facts` has the fields of `Observations`, and these:
 *   now                     this machine's clock in milliseconds
 *   isActive, isFrozen      the player's state
 *   delay, interval         from `Metrics`
 *   usesSnapshots           whether snapshots are shown instead of a stream
 *   isReachable, askedAt    from `StatusFeed`
 *   camera, isKnown         the camera's status, and whether there is one
 */
export function conditionOf(facts) {
  const { now, camera, refusal } = facts;
  if (facts.isFrozen) {
    const isOffline = facts.outage !== null || camera?.online === false;
    return { state: "frozen", trouble: facts.isReachable === false ? "unreachable" : isOffline ? "offline" : undefined };
  }
  if (!facts.isActive) return { state: "paused" };

  const stall = Math.max(facts.usesSnapshots ? 6_000 : minimumStall, 4 * (facts.interval ?? 0));
  const silence = now - (facts.pictureAt || facts.openedAt);
  const hasPicture = facts.pictureAt > 0;
  const isFresh = hasPicture && silence < stall;

  const isReportedOffline = camera?.online === false && facts.pictureAt < facts.askedAt;
  if (facts.isReachable !== false && (facts.outage || isReportedOffline)) {
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
