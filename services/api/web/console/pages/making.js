// A schedule or a profile made on the way, without leaving the campaign's form.

import { html } from "../view.js";
import { Dialog } from "../dialog.js";
import { ProfileForm } from "./profiles.js";
import { ScheduleForm } from "./schedules.js";

/** A schedule. */
export const MakeSchedule = ({ onClose, onMade }) =>
  html`<${Dialog} title="New schedule" onClose=${onClose} wide
    ><${ScheduleForm} onDone=${onMade} onCancel=${onClose}
  /><//>`;

/** A profile. */
export const MakeProfile = ({ onClose, onMade }) =>
  html`<${Dialog} title="New profile" onClose=${onClose} wide
    ><${ProfileForm} onDone=${onMade} onCancel=${onClose}
  /><//>`;
