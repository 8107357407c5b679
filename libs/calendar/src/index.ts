export { addDays, chinaDay, chinaLocal, dayStart, weekday, type Day } from './china-time.js';
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
