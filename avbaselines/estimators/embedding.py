"""One low-dimensional embedding from which both emotion and speaker are predicted."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from avbaselines.errors import InputError
from avbaselines.estimators.preparation import Preparation
from avbaselines.estimators.ridge import ridge_path
from avbaselines.estimators.targets import check_targets

__all__ = ["SharedEmbedding"]


class SharedEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Reduced-rank ridge regression of emotion and speaker together: the classical form of a multitask network.

    All outputs (a column a class or value of the emotion, a column a speaker) are regressed on the features, and the
    weights are cut to the rank that keeps most of the fitted outputs (Izenman 1975, Reduced-rank regression for the
    multivariate linear model, Journal of Multivariate Analysis 5, 248-264; with a ridge penalty as in Mukherjee & Zhu
    2011, Statistical Analysis and Data Mining 4, 612-622).

    Parameters
    ----------
    n_components : int, default=8
        Dimensions of the embedding; no more than there are independent outputs.
    identity_weight : float, default=1.0
        Weight of the speakers' squared errors next to the emotion's, each over its own total variance. 0 leaves the
        speakers out of the embedding (they are then predicted from what it happens to hold of them).
    penalty : float, default=1.0
        Ridge penalty; it acts on blocks of unit mean square length, as in `RidgeRegressor`.
    classes : bool, default=True
        Whether y holds class labels; else values, with NaN = not labelled.
    scaling : {'standard', 'quantile'}, default='standard'
    blocks : optional
        The columns of each modality, see `Preparation`.

    Attributes
    ----------
    classes_ : ndarray
        Class labels of y, where it has classes.
    speakers_ : ndarray
        Names of the fitted speakers; empty without groups.
    components_ : ndarray of shape (n_prepared_features, k)
        From prepared columns to the embedding.
    shares_ : ndarray of shape (k,)
        Share of the variance of the fitted outputs that each dimension holds.

    Examples
    --------
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> both = SharedEmbedding(2, penalty=1e-3).fit(X, ["calm", "calm", "angry", "angry"], groups=["a", "b", "a", "b"])
    >>> both.predict(X).tolist(), both.predict_speaker(X).tolist()
    (['calm', 'calm', 'angry', 'angry'], ['a', 'b', 'a', 'b'])
    """

    def __init__(self, n_components=8, identity_weight=1.0, penalty=1.0, classes=True, scaling="standard", blocks=None):
        self.n_components = n_components
        self.identity_weight = identity_weight
        self.penalty = penalty
        self.classes = classes
        self.scaling = scaling
        self.blocks = blocks

    def fit(self, X, y, groups=None):
        """Fit the embedding and both predictions.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : array-like of shape (n,), or (n, T) values
        groups : array-like of shape (n,), optional
            Speakers. Without them the embedding is of the emotion alone.

        Returns
        -------
        self

        Raises
        ------
        InputError
            With a single speaker, or a parameter out of range.
        """
        if self.n_components < 1 or self.identity_weight < 0 or not self.penalty > 0:
            raise InputError("n_components of at least 1, identity_weight of at least 0 and penalty above 0 are needed")
        X = self._validate(X, reset=True)
        emotion = self._emotion(X, y)
        self.speakers_, speaker = np.array([]), np.empty((len(X), 0))
        if groups is not None:
            check_consistent_length(X, groups)
            self.speakers_, speaker = _one_hot(np.asarray(groups))
            if len(self.speakers_) < 2:
                raise InputError(f"groups: at least two speakers are needed, got {len(self.speakers_)}")
        Y = np.hstack([emotion, speaker])
        self._mean = np.nanmean(Y, axis=0)
        # Each task counts by its total variance; the speakers' columns keep a trace of a scale to be undone.
        variance = np.nanvar(Y, axis=0)
        self._n_emotion = emotion.shape[1]
        scale = np.empty(Y.shape[1])
        scale[: self._n_emotion] = 1 / np.sqrt(variance[: self._n_emotion].sum() or 1)
        scale[self._n_emotion :] = np.sqrt(self.identity_weight / (variance[self._n_emotion :].sum() or 1))
        self.preparation_ = Preparation(self.blocks, self.scaling).fit(X)
        Z = self.preparation_.transform(X).astype(np.float64)
        self._center = Z.mean(axis=0)
        weights = ridge_path(Z, Y - self._mean, [self.penalty])[0][0]
        fitted = (Z - self._center) @ weights
        _, s, Vt = np.linalg.svd(fitted * scale, full_matrices=False)
        kept = min(int(self.n_components), max(int((s > 1e-9 * s[0]).sum()), 1))
        self.components_ = weights @ (Vt[:kept].T * scale[:, None])
        self.shares_ = s[:kept] ** 2 / max((s**2).sum(), np.finfo(float).tiny)
        # Least squares of the fitted outputs on the embedding: for scaled outputs that is Vt itself.
        embedded = fitted @ (Vt[:kept].T * scale[:, None])
        self._outputs = np.linalg.lstsq(embedded, fitted, rcond=None)[0]
        self._n_features_out = kept
        return self

    def transform(self, X):
        """The embedding of rows X, shape (n, n_features): an ndarray of shape (n, k)."""
        check_is_fitted(self)
        Z = self.preparation_.transform(self._validate(X, reset=False))
        return (Z - self._center) @ self.components_

    def predict(self, X):
        """Predict the emotion.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,), or (n, T) as y was
        """
        outputs = self._decoded(X)[:, : self._n_emotion]
        if self.classes:
            return self.classes_[outputs.argmax(axis=1)]
        return outputs[:, 0] if self._squeeze else outputs

    def predict_speaker(self, X):
        """Predict which of the fitted speakers it is.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        InputError
            If no groups were fitted.
        """
        check_is_fitted(self)
        if not len(self.speakers_):
            raise InputError("groups: the embedding was fitted without speakers; give them to fit")
        return self.speakers_[self._decoded(X)[:, self._n_emotion :].argmax(axis=1)]

    def _decoded(self, X):
        return self.transform(X) @ self._outputs + self._mean

    def _emotion(self, X, y):
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        if not self.classes:
            self._squeeze = np.asarray(y).ndim == 1
            return check_targets(X, y)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        self.classes_, one_hot = _one_hot(y)
        return one_hot

    def _validate(self, X, reset):
        limits = {"ensure_all_finite": "allow-nan", "ensure_min_samples": 1 + reset}
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=reset, **limits)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags


def _one_hot(labels):
    names, codes = np.unique(labels, return_inverse=True)
    return names, np.eye(len(names))[codes.reshape(-1)]
