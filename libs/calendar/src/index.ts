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
export { isKnown, isTradingDay, knownRange, previousTradingDay, tradingDays } from './trading-days.js';
