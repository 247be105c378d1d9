// Money is whole fen; no floating point ever touches it.

/** 123456 -> "¥1,234.56"; -5 -> "-¥0.05". */
export function yuan(fen) {
  const whole = BigInt(fen ?? 0);
  const size = whole < 0n ? -whole : whole;
  const grouped = (size / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${whole < 0n ? "-" : ""}¥${grouped}.${(size % 100n).toString().padStart(2, "0")}`;
}

/** The four numbers a patient needs from the national split. */
export function shares(split) {
  return {
    total: split.medfee_sumamt_fen ?? 0,
    fund: split.fund_pay_sumamt_fen ?? 0,
    account: (split.acct_pay_fen ?? 0) + (split.acct_mulaid_pay_fen ?? 0),
    hospital: split.hosp_part_amt_fen ?? 0,
    you: split.psn_cash_pay_fen ?? 0,
  };
}
