"""Medicine ordered by telephone, paid with the personal account alone and brought home (线上个账购药): the
order hub, the pilot's pharmacies as data, and the couriers."""
