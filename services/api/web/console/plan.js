// A campaign's plan: its days and its windows with the numbers of the profiles that pace them.

import { ask } from "./api.js";

/** The plan of a campaign, out of its schedule and its profiles. */
export async function loadPlan(campaign, signal) {
  const [schedule, profiles] = await Promise.all([
    ask(`/api/schedules/${campaign.schedule}`, { signal }),
    ask("/api/profiles", { signal }),
  ]);
  return makePlan(campaign, schedule, profiles);
}

/** The same out of what is at hand; a window whose profile is not there has no pace. */
export function makePlan(campaign, schedule, profiles) {
  return {
    start_date: campaign.start_date,
    end_date: campaign.end_date,
    schedule,
    days: schedule?.days ?? [],
    windows: campaign.profiles.map((window) => {
      const pace = findProfile(profiles, window.profile);
      return { ...window, pace, name: nameOf(pace, window.profile) };
    }),
  };
}

/** A profile by its nickname or its id, as campaigns name it. */
export const findProfile = (profiles, reference) =>
  profiles.find((each) => each.nickname === String(reference)) ??
  profiles.find((each) => String(each.id) === String(reference)) ??
  null;

/** What a schedule or a profile is called: its nickname, or its number. */
export const nameOf = (thing, otherwise = "") => thing?.nickname ?? (thing ? `#${thing.id}` : String(otherwise));
