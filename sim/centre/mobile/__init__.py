"""Mobile payment (移动支付, F06): orders of a HIS that a phone pays, and what the institution is told."""
