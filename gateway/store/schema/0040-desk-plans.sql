-- What the desk's lists of placements, meetings and networks look up.

CREATE INDEX workplace_organisation ON workplace(organisation);
CREATE INDEX audience_organisation ON audience(organisation);
CREATE INDEX survey_organisation ON survey(organisation, opened);
