export {
  addDays,
  chinaDay,
  chinaLocal,
  dayStart,
  instantOf,
  timeOn,
  weekday,
  withZone,
  type Day,
} from './china-time.js';
export {
  isTrading,
  nextActivity,
  nextClose,
  nextOpen,
  nextPhaseChange,
  phaseAt,
  sessionsOf,
  type Phase,
  type Session,
} from './sessions.js';
export {
  calendarRange,
  isProvisional,
  isTradingDay,
  previousTradingDay,
  tradesOn,
  tradingDays,
  useCalendar,
} from './trading-days.js';
export { CalendarCopy } from './calendar-copy.js';
export { builtInDays, type DayStates } from './built-in-days.js';
export { DATE_COLUMNS, strangeColumn } from './list-columns.js';
